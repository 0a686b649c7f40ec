package main

import (
	"strings"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

// configManual explains every key, from the table that reads them.
func configManual() string {
	var b strings.Builder
	b.WriteString(configHead)
	for _, chapter := range newConfig().chapters() {
		b.WriteString("\n\n" + chapter.title + "\n")
		for i := range chapter.keys {
			b.WriteString("\n" + strings.Join(chapter.keys[i].help(), "\n"))
		}
	}
	return b.String()
}

const configHead = `The configuration is read from the file that --config names, else from
./interlace.yaml, else from /etc/interlace/interlace.yaml. Environment variables
win over the file, flags over both: imap.user is INTERLACE_IMAP_USER, and a list is
written as in YAML, [a, b]. Only what differs from the defaults has to be there.
All mistakes are told at once, with their places, and then nothing is done.
interlace config show prints each value and where it comes from, and looks at what is
named, too: at the fleet and this server in it, the directory of the database, logs,
programs, passwords. So does watch when it starts. What may come, such as a log that
is not there yet, is a warning.

  db: /var/lib/interlace/interlace.db
  fleet: /etc/interlace/fleet.yaml
  mail:
    smtp: "relay.example.org:587"
    from: interlace@example.org
    to: [ops@example.org]
  logs: {journal: [--unit=cyrus-imapd]}

VALUES

A time is 90s, 2m, 1h30m, 12h or 14d. A size is a number of bytes, or 10kB, 1.5MB
(steps of 1000), 64KiB, 1MiB (steps of 1024). Files are relative to the file that
names them, and in a variable or a flag to where the program runs. Commands are
lists of words that go to the program as they are, without a shell; names in braces
are filled in. Passwords and secrets stand in files of mode 600 or, where the key
is not set, in credentials of systemd: mail.password_file in mail-password
(LoadCredential=mail-password:/etc/interlace/mail-password).

An instance, or all of a server, may be logged in to in another way:
  imap: {servers: {imap3: {user: root}}, instances: {"imap1:1143": {tls: tls}}}`

// beside is where the second column of the help begins.
const beside = 19

// help explains a key: its meaning, form and default, and an example.
func (k *key) help() []string {
	form := k.value.form()
	if standard := k.value.String(); standard != "" {
		form += ", default " + standard
	}
	words := strings.Repeat(" ", beside) + k.about + " (" + form + ")"
	lines := report.Wrapped(words, helpWidth, beside)
	if term := "  " + k.path; len(term)+2 <= beside {
		lines[0] = term + lines[0][len(term):]
	} else {
		lines = append([]string{term}, lines...)
	}
	return append(lines, strings.Repeat(" ", beside)+"Example: "+k.line())
}

// line is a line of a configuration file that sets the key to its example.
func (k *key) line() string {
	names := strings.Split(k.path, ".")
	text := names[len(names)-1] + ": " + k.example
	for i := len(names) - 2; i >= 0; i-- {
		text = names[i] + ": {" + text + "}"
	}
	return text
}
