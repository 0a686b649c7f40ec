package main

import (
	"fmt"
	"time"

	"github.com/interlacemail/interlace/monitor/alert"
)

// monitorConfig is what the monitor is told.
type monitorConfig struct {
	Server string // the name of this server in the inventory

	Backlog, Processes, Usage time.Duration // between two looks
	BehindBytes, AlertBytes   int64
	BehindAge, AlertAge       time.Duration
	Compare                   compareConfig

	LogFiles   []string
	Journal    []string // words for journalctl that select the entries; none: no journal
	Patterns   string   // a file with lines that are known here
	Recover    string
	SyncClient string   // path of sync_client
	Restart    []string // restarts the service of a store's rolling client

	RoutingFile  string
	RoutingQuery []string
	Runner       []string // how a command reaches a server; none: it runs here
	RunnerQuote  string

	Mail   mailConfig
	Alerts alertsConfig
}

// compareConfig says how watch compares masters with their replicas.
type compareConfig struct {
	Every, Within, For time.Duration
	Level              string
	Rate               int
	Window             window
}

// mailConfig says how mail is sent.
type mailConfig struct {
	SMTP, From   string
	To           []string
	TLS          string
	User         string
	PasswordFile string
	CAFile       string
}

// alertsConfig says what is told when, and where else than by mail.
type alertsConfig struct {
	For, KeepFiring          time.Duration
	GroupWait, GroupInterval time.Duration
	Repeat                   time.Duration
	Least                    string
	Heartbeat                time.Duration
	Webhook                  string
	WebhookSecretFile        string
	Alertmanager             string
}

// monitorChapters are the keys that the monitor reads.
func monitorChapters(m *monitorConfig) []chapter {
	return []chapter{
		{"WHAT WATCH LOOKS AT", append([]key{
			{
				path: "server", value: text(&m.Server), example: "imap07",
				about: "the name of this server in the inventory; without it the name of the host, with its domain or without",
			},
		}, append(probeKeys(m), compareKeys(&m.Compare)...)...)},
		{"WHICH LOGS WATCH READS", logKeys(m)},
		{"WHO IS TOLD BY MAIL", mailKeys(&m.Mail)},
		{"WHAT IS TOLD, WHEN, AND WHERE ELSE", alertsKeys(&m.Alerts)},
		{"WHAT WATCH MAY DO", recoveryKeys(m)},
	}
}

func probeKeys(m *monitorConfig) []key {
	return []key{
		{
			path: "probes.backlog", value: interval(&m.Backlog, "2m"), example: "1m",
			about: "between two looks at the sync logs",
		},
		{
			path: "probes.processes", value: interval(&m.Processes, "10m"), example: "5m",
			about: "between two looks at the processes of Cyrus; where a log tells of trouble they are looked at at once",
		},
		{
			path: "probes.usage", value: interval(&m.Usage, "5m"), example: "5m",
			about: "between two looks at what instances use; interlace show loads wants 10 an hour",
		},
		{
			path: "probes.behind.bytes", value: size(&m.BehindBytes, "10kB"), example: "20kB",
			about: "a store is behind, which is a warning, when so much waits in its sync log",
		},
		{
			path: "probes.behind.age", value: duration(&m.BehindAge, "60s"), example: "2m",
			about: "it is, too, when the oldest change has waited for so long",
		},
		{
			path: "probes.alert.bytes", value: size(&m.AlertBytes, "100kB"), example: "1MB",
			about: "when so much waits, that is critical",
		},
		{
			path: "probes.alert.age", value: duration(&m.AlertAge, "5m"), example: "10m",
			about: "it is, too, when the oldest change has waited for so long",
		},
	}
}

func compareKeys(c *compareConfig) []key {
	return []key{
		{
			path: "probes.compare.every", value: duration(&c.Every, "0s"), example: "1h",
			about: "between two comparisons of the masters here with their replicas; 0s is never",
		},
		{
			path: "probes.compare.level", value: choice(&c.Level, "2", "1", "2", "3", "4", "user"), example: `"3"`,
			about: "how closely they look: see interlace compare --help",
		},
		{
			path: "probes.compare.within", value: days(&c.Within, "7d"), example: "14d",
			about: "everybody is compared once within so long, a day at least, an equal share each time; who was not for half as long again is an alert",
		},
		{
			path: "probes.compare.for", value: interval(&c.For, "30m"), example: "10m",
			about: "after so long a comparison begins with nobody else",
		},
		{
			path: "probes.compare.rate", value: count(&c.Rate, 100), example: "20",
			about: "no server is asked about more than so many mailboxes or users a second, one by one",
		},
		{
			path: "probes.compare.window", value: hours(&c.Window), example: `"22:00-05:00"`,
			about: "comparisons begin only between these times of the day, on the clock of this server; without it at any time",
		},
	}
}

func logKeys(m *monitorConfig) []key {
	return []key{
		{
			path: "logs.files", value: paths(&m.LogFiles), example: "[/var/log/mail.log]",
			about: "logs that several instances share; one that an instance has for itself stands in the inventory (log)",
		},
		{
			path: "logs.journal", value: words(&m.Journal), example: "[--unit=cyrus-imapd]",
			about: "what selects the entries of Cyrus in the journal of systemd: arguments of journalctl; without it no journal is read",
		},
		{
			path: "logs.patterns", value: file(&m.Patterns, ""), example: "/etc/interlace/patterns.tsv",
			about: "a table of lines that are known here: see interlace help logs",
		},
	}
}

func mailKeys(m *mailConfig) []key {
	return []key{
		{
			path: "mail.smtp", value: textOf(&m.SMTP, "HOST:PORT", func(s string) error { return alert.CheckRelay(s, "") }), example: `"relay.example.org:587"`,
			about: "the relay that takes mail; without smtp, from and to no mail is sent",
		},
		{
			path: "mail.from", value: textOf(&m.From, "NAME@DOMAIN", alert.CheckAddress), example: "interlace@example.org",
			about: "the sender",
		},
		{
			path: "mail.to", value: each(&m.To, "a list of NAME@DOMAIN", alert.CheckAddress), example: "[ops@example.org, boss@example.org]",
			about: "who gets mail; each address gets its own",
		},
		{
			path: "mail.tls", value: choice(&m.TLS, "", "tls", "starttls", "none"), example: "starttls",
			about: "how the connection is encrypted; none only where the relay is this machine. Without it starttls",
		},
		{
			path: "mail.user", value: text(&m.User), example: "interlace",
			about: "the account at the relay, where it wants one",
		},
		{
			path: "mail.password_file", value: file(&m.PasswordFile, ""), example: "/etc/interlace/mail-password",
			about: "holds its password in its only line; mode 600, readable for the account of watch",
		},
		{
			path: "mail.ca_file", value: file(&m.CAFile, ""), example: "/etc/ssl/certs/our-ca.pem",
			about: "certificates, in PEM form, of those who sign the relay's; without it those that this machine trusts",
		},
	}
}

func alertsKeys(a *alertsConfig) []key {
	return []key{
		{
			path: "alerts.for", value: interval(&a.For, "5m"), example: "10m",
			about: "how long something must be found before it is told. What is critical, and lines of logs, are told at once, but what a restart causes is not",
		},
		{
			path: "alerts.keep_firing", value: interval(&a.KeepFiring, "5m"), example: "10m",
			about: "how long something must not be found before it is over",
		},
		{
			path: "alerts.group_wait", value: interval(&a.GroupWait, "30s"), example: "1m",
			about: "how long the first alert of a server waits for others, to go with them in one message",
		},
		{
			path: "alerts.group_interval", value: interval(&a.GroupInterval, "5m"), example: "2m",
			about: "between two messages about one server; no longer than alerts.keep_firing",
		},
		{
			path: "alerts.repeat", value: interval(&a.Repeat, "4h"), example: "1d",
			about: "after how long what still fires is told again",
		},
		{
			path: "alerts.least", value: choice(&a.Least, "warning", "info", "warning", "critical"), example: "critical",
			about: "what is less severe is kept and shown, and not told",
		},
		{
			path: "alerts.heartbeat", value: duration(&a.Heartbeat, "0s"), example: "1d",
			about: "how often each address in mail.to is told that watch lives, so that silence means something; 0s is never",
		},
		{
			path: "alerts.webhook", value: textOf(&a.Webhook, "a URL", func(s string) error { return (&alert.Webhook{URL: s}).Check() }), example: "https://example.org/alerts",
			about: "where alerts are posted, too, in the form of Alertmanager's webhooks",
		},
		{
			path: "alerts.webhook_secret_file", value: file(&a.WebhookSecretFile, ""), example: "/etc/interlace/hook-key",
			about: "holds what signs the posts, in its only line; mode 600. X-Interlace-Signature then has sha256= and the HMAC of the body",
		},
		{
			path: "alerts.alertmanager", value: textOf(&a.Alertmanager, "a URL", func(s string) error { return (&alert.Alertmanager{URL: s}).Check() }), example: `"http://alertmanager:9093"`,
			about: "an Alertmanager that is told everything and does the rest; no mail is sent then, and nothing posted, by interlace itself",
		},
	}
}

func recoveryKeys(m *monitorConfig) []key {
	return []key{
		{
			path: "recover", value: choice(&m.Recover, "never", "never", "allow"), example: "allow",
			about: "whether watch may by itself work off a sync log that nobody works on: see interlace help recovery",
		},
		{
			path: "sync_client", value: file(&m.SyncClient, ""), example: "/usr/lib/cyrus/bin/sync_client",
			about: "the program that does it; without it, it is looked for where distributions and Cyrus put it",
		},
		{
			path: "sync_restart", value: command(&m.Restart, "", "store"), example: `[systemctl, restart, "sync-client@{store}"]`,
			about: "a command that starts the rolling client of a store, which works its log off and goes on; without it watch runs sync_client -r -1",
		},
		{
			path: "routing_file", value: file(&m.RoutingFile, ""), example: "/etc/interlace/routing",
			about: "where users are served: a line USER,SERVER for each",
		},
		{
			path: "routing_query", value: command(&m.RoutingQuery, "user", "user"), example: `[/usr/local/bin/server-of, "{user}"]`,
			about: "or a command that prints where a user is served; it comes before routing_file",
		},
		{
			path: "runner.argv", value: command(&m.Runner, "server", "server"), example: `[ssh, "{server}", --]`,
			about: "what stands before a command that is to run on another server, as the account of Cyrus there or as root; without it no other server is asked",
		},
		{
			path: "runner.quote", value: choice(&m.RunnerQuote, "", "sh"), example: "sh",
			about: "sh: the command goes through a shell there, as with ssh, and is quoted for it",
		},
	}
}

// shortestInterval is how often a server may be looked at, and what is told at once.
const shortestInterval = time.Second

// interval is the time between two looks, or between finding and telling.
func interval(to *time.Duration, fallback string) value {
	return plain(to, "a time", fallback, func(raw, _ string) (time.Duration, error) {
		d, err := parseDuration(raw)
		if err == nil && d < shortestInterval {
			err = fmt.Errorf("%s is shorter than %s", raw, formatDuration(shortestInterval))
		}
		return d, err
	})
}
