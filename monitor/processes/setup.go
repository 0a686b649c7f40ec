package processes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/instances"
)

// Setup is how the programs of an instance are started.
type Setup struct {
	File     string    // its cyrus.conf
	Trouble  string    // why nobody knows what master starts, or empty
	Clients  []Started // the rolling clients and indexers that master starts
	Programs string    // the directory of Cyrus' programs, or empty
}

// Started is a rolling client or indexer, as cyrus.conf has it.
type Started struct {
	Section string // START or DAEMON
	monitor.Process
}

// setup reads what the master of an instance starts, if it runs, or would start.
func setup(in *monitor.Instance, master *monitor.Process) Setup {
	if master == nil {
		master = &monitor.Process{}
	}
	s := Setup{Programs: Directory(commandDirectory(master)...)}
	known := places([]monitor.Instance{*in})
	var wrong []error
	for _, path := range servicesFiles(in, master) {
		services, err := instances.ReadServices(path)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		own := s.take(services, known)
		if own || master.Services != "" {
			s.File = path
			return s
		}
		wrong = append(wrong, fmt.Errorf("%s starts nothing with %s", path, in.Conf))
	}
	s.Trouble = inventory.OneLine(errors.Join(wrong...))
	return s
}

// servicesFiles are where the cyrus.conf of an instance may be: where its master
// was told that it is, else where master looks by itself, or near its imapd.conf.
func servicesFiles(in *monitor.Instance, master *monitor.Process) []string {
	if master.Services != "" {
		return []string{master.Services}
	}
	files := []string{"/etc/cyrus.conf", "/usr/local/etc/cyrus.conf"}
	for _, dir := range []string{filepath.Dir(in.Conf), in.Dir} {
		if path := filepath.Join(dir, "cyrus.conf"); filepath.IsAbs(path) && !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	return files
}

// take keeps the clients of an instance among some services, and reports whether
// any of those is the instance's.
func (s *Setup) take(services []instances.Service, known placeList) (own bool) {
	for _, service := range services {
		command := service.Command
		if len(command) > 1 && filepath.Base(command[0]) == "cyrus" { // Debian's wrapper
			command = command[1:]
		}
		if len(command) == 0 {
			continue
		}
		p := monitor.Process{Name: filepath.Base(command[0]), Command: command}
		readCommand(&p)
		p.Conf, p.Command = filepath.Clean(p.Conf), service.Command
		known.place(&p)
		if p.Conf != known[0].conf {
			continue
		}
		own = true
		if p.Rolling && (service.Section == instances.Start || service.Section == instances.Daemon) {
			s.Clients = append(s.Clients, Started{service.Section, p})
		}
	}
	return own
}

// commandDirectory is where a process says that its program is.
func commandDirectory(p *monitor.Process) []string {
	if len(p.Command) == 0 || !filepath.IsAbs(p.Command[0]) {
		return nil
	}
	return []string{filepath.Dir(p.Command[0])}
}

// Directory returns where the programs of Cyrus are: in one of some directories,
// else where distributions and Cyrus itself put them; empty if in none.
func Directory(first ...string) string {
	usual := []string{"/usr/lib/cyrus/bin", "/usr/libexec/cyrus-imapd", "/usr/lib/cyrus-imapd", "/usr/cyrus/libexec", "/usr/cyrus/bin", "/usr/local/libexec"}
	for _, dir := range append(first, usual...) {
		if info, err := os.Stat(filepath.Join(dir, "sync_client")); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

// startAgain says how the reader of a channel is started that does not run: in
// words, and in the one command that does it.
func (c *check) startAgain(ch *monitor.Channel, master *monitor.Process) (string, inventory.Text) {
	s := c.setup()
	started := s.of(ch)
	hup := kill("-HUP", []monitor.Process{*master})
	command := c.readerCommand(ch)
	switch {
	case s.File == "":
		return fmt.Sprintf("Whether master starts it is not known (%s). Send master a HUP, which starts it if its cyrus.conf has it under DAEMON; if it is not there a minute later, start it yourself%s",
			s.trouble(), behind(": ", command)), hup
	case started == nil:
		return fmt.Sprintf("%q starts none, neither under DAEMON nor under START: start it the way it is started here, else with this command; under DAEMON it would come back by itself", s.File),
			inventory.Paste(command...)
	case started.Section == instances.Daemon:
		return fmt.Sprintf("%q has it under DAEMON, so master starts it by itself, but has given it up: the log says why; correct that, then make master read the file anew. One that is started by hand would be a second one", s.File), hup
	}
	return fmt.Sprintf("%q has it under START, and what stands there master starts only once: start it again; under DAEMON it would come back by itself", s.File),
		inventory.Paste(command...)
}

// afterwards says what becomes of a reader that was ended.
func (c *check) afterwards(ch *monitor.Channel) string {
	s := c.setup()
	switch started := s.of(ch); {
	case started != nil && started.Section == instances.Daemon:
		return fmt.Sprintf("master starts it again, since %q has it under DAEMON", s.File)
	case s.File != "":
		return fmt.Sprintf("then start it again, since %q does not have it under DAEMON%s", s.File, behind(": ", c.readerCommand(ch)))
	}
	return fmt.Sprintf("master starts it again if its cyrus.conf has it under DAEMON, else do so yourself%s", behind(": ", c.readerCommand(ch)))
}

// behind is a command behind some words, or nothing where it cannot be pasted.
func behind(words string, command []string) string {
	if pasted := inventory.Paste(command...); pasted != "" {
		return words + string(pasted)
	}
	return ""
}

// of returns how the reader of a channel is started, or nil. One that is under
// DAEMON too is a daemon.
func (s *Setup) of(ch *monitor.Channel) *Started {
	var found *Started
	for i := range s.Clients {
		if c := &s.Clients[i]; reads(&c.Process, ch) && (found == nil || c.Section == instances.Daemon) {
			found = c
		}
	}
	return found
}

func (s *Setup) trouble() string {
	if s.Trouble == "" {
		return "nobody has looked"
	}
	return s.Trouble
}

// readerCommand starts the reader of a channel: as cyrus.conf has it, else as it
// has to be. Master gives a program a name without its path.
func (c *check) readerCommand(ch *monitor.Channel) []string {
	s := c.setup()
	command := clientCommand("sync_client", c.in, ch)
	if ch.Kind == monitor.Squatter {
		command = []string{"squatter", "-C", c.in.Conf, "-R"}
	}
	if started := s.of(ch); started != nil {
		command = slices.Clone(started.Command)
	}
	if !filepath.IsAbs(command[0]) {
		command[0] = c.program(command[0])
	}
	return command
}
