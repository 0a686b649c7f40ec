package processes

import (
	"path/filepath"
	"strings"

	"github.com/interlacemail/interlace/monitor"
)

// Seen is what the processes of a server show of one of its instances.
type Seen struct {
	Runs   bool     // something runs with its imapd.conf
	Sends  bool     // a rolling sync_client does, as on a master
	Others []string // what else rolling clients name as their imapd.conf, which may be the same file
}

// SeenIn reads the command lines of all processes of a server, as ps(1) writes
// them, for an instance whose imapd.conf has this path.
func SeenIn(commands, conf string) Seen {
	var s Seen
	conf = filepath.Clean(conf)
	for line := range strings.Lines(commands) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p := monitor.Process{Name: strings.TrimSuffix(filepath.Base(words[0]), ":"), Command: words}
		readCommand(&p)
		sends := p.Name == "sync_client" && p.Rolling
		switch own := options(words, "CM")['C']; {
		case own != "" && filepath.Clean(own) == conf:
			s.Runs = true
			s.Sends = s.Sends || sends
		case sends && filepath.Clean(p.Conf) == conf:
			s.Runs, s.Sends = true, true
		case sends:
			s.Others = append(s.Others, p.Conf)
		}
	}
	return s
}
