package instances

import (
	"fmt"
	"strings"
)

// Service is what master starts: an entry of its cyrus.conf (cyrus.conf(5)).
type Service struct {
	Section string // START, SERVICES, DAEMON or EVENTS
	Name    string
	Command []string
}

// Sections of a cyrus.conf. What is under START is started once, what is under
// DAEMON again whenever it has ended.
const (
	Start  = "START"
	Daemon = "DAEMON"
)

// ReadServices reads a cyrus.conf, as master does: sections in braces, with an
// entry in each line: a name and KEY=VALUE, of which cmd is the command, whose
// words are parted by spaces and nothing else. A # begins a comment anywhere.
func ReadServices(path string) ([]Service, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var list []Service
	section := ""
	for number, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(strings.ReplaceAll(line, "\t", " "), "#")
		line = strings.TrimSpace(line)
		if section == "" {
			name, rest, begins := strings.Cut(line, "{")
			if line != "" && !begins {
				return nil, fmt.Errorf("%s:%d: this is in no section", path, number+1)
			}
			section, line = strings.ToUpper(strings.TrimSpace(name)), strings.TrimSpace(rest)
		}
		entry, ends := strings.CutSuffix(line, "}")
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, service(section, entry))
		}
		if ends {
			section = ""
		}
	}
	if section != "" {
		return nil, fmt.Errorf("%s: section %s has no end", path, section)
	}
	return list, nil
}

// service reads one entry.
func service(section, line string) Service {
	name, rest, _ := strings.Cut(line, " ")
	s := Service{Section: section, Name: name}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		value = strings.TrimLeft(value, " ")
		if quoted, is := strings.CutPrefix(value, `"`); is {
			value, rest, _ = strings.Cut(quoted, `"`)
		} else {
			value, rest, _ = strings.Cut(value, " ")
		}
		if strings.EqualFold(strings.TrimSpace(key), "cmd") {
			s.Command = strings.Fields(value)
		}
	}
	return s
}
