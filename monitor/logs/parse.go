package logs

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Entry is a line of a log taken apart. What the line does not say is empty.
type Entry struct {
	Log     string
	At      time.Time
	Host    string
	Prefix  string // s1m in s1m/sync_client[9714]
	Process string // sync_client
	PID     int
	Unit    string // of systemd
	Message string
	Times   int // how often it came
	Cut     bool
}

// parse takes a line of a file apart, in the forms of RFC 3164 and RFC 5424. Only
// what stands where the form wants it is believed: text that looks like a tag
// further on is part of the message.
func parse(line Line, now time.Time, zone *time.Location) Entry {
	e := Entry{Log: line.Log, Times: 1, Cut: line.Cut}
	text := strings.TrimSuffix(string(line.Text), "\r")
	if number, rest, ok := strings.Cut(text, ">"); ok && len(number) <= 4 && strings.HasPrefix(number, "<") {
		if text = rest; strings.HasPrefix(text, "1 ") {
			return e.parse5424(text[2:], now, zone)
		}
	}
	at, rest, ok := stamp(text, now, zone)
	if !ok {
		e.Message = text
		return e
	}
	e.At = at
	word, message, _ := strings.Cut(rest, " ")
	if e.tag(word) {
		e.Message = message
		return e.unfold()
	}
	e.Host = word
	word, after, _ := strings.Cut(message, " ")
	if e.tag(word) {
		message = after
	}
	e.Message = message
	return e.unfold()
}

// tag reads PREFIX/PROCESS[PID]: and reports whether it is that.
func (e *Entry) tag(word string) bool {
	name, ok := strings.CutSuffix(word, ":")
	if !ok || len(name) > 100 {
		return false
	}
	if open := strings.IndexByte(name, '['); open >= 0 {
		pid, ok := digits(strings.TrimSuffix(name[open+1:], "]"), 0)
		if !ok || name[len(name)-1] != ']' {
			return false
		}
		e.PID, name = pid, name[:open]
	}
	e.named(name)
	return true
}

func (e *Entry) named(name string) {
	slash := strings.LastIndexByte(name, '/')
	e.Prefix, e.Process = name[:max(slash, 0)], name[slash+1:]
}

// parse5424 reads what follows the version: time, host, process, number, message
// identifier, structured data and message.
func (e Entry) parse5424(text string, now time.Time, zone *time.Location) Entry {
	e.Message = text
	var words [5]string
	for i := range words {
		var ok bool
		if words[i], text, ok = strings.Cut(text, " "); !ok {
			return e
		}
	}
	e.At, _, _ = stamp(words[0]+" ", now, zone)
	e.Host = words[1]
	e.named(words[2])
	e.PID, _ = digits(words[3], 0)
	e.Message = strings.TrimPrefix(strings.TrimPrefix(behindData(text), " "), "\ufeff")
	return e.unfold()
}

// behindData skips structured data, in which ] may stand quoted.
func behindData(text string) string {
	if text, ok := strings.CutPrefix(text, "-"); ok {
		return text
	}
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ']' && !quoted && !strings.HasPrefix(text[i+1:], "["):
			return text[i+1:]
		}
	}
	return ""
}

// unfold counts what a syslog daemon has folded.
func (e Entry) unfold() Entry {
	if rest, ok := strings.CutPrefix(e.Message, "message repeated "); ok {
		if number, message, ok := strings.Cut(rest, " times: ["); ok {
			if n, ok := digits(number, 0); ok {
				e.Times, e.Message = n, strings.TrimSuffix(strings.TrimPrefix(message, " "), "]")
			}
		}
	}
	return e
}

// repeats returns how often the line before came again: the old way to fold, which
// leaves out the tag too.
func (e *Entry) repeats() int {
	if e.Process != "" && e.Process != "last" {
		return 0
	}
	_, rest, ok := strings.Cut(e.Message, "message repeated ")
	number, end, _ := strings.Cut(rest, " ")
	if n, isNumber := digits(number, 0); ok && isNumber && end == "times" {
		return n
	}
	return 0
}

// journalEntry are the fields of an entry of a journal (systemd.journal-fields(7)).
type journalEntry struct {
	Cursor     string      `json:"__CURSOR"`
	Time       string      `json:"__REALTIME_TIMESTAMP"`
	Host       journalText `json:"_HOSTNAME"`
	Unit       journalText `json:"_SYSTEMD_UNIT"`
	Identifier journalText `json:"SYSLOG_IDENTIFIER"`
	Command    journalText `json:"_COMM"`
	SyslogPID  journalText `json:"SYSLOG_PID"`
	PID        journalText `json:"_PID"`
	Message    journalText `json:"MESSAGE"`
}

// journalText is a field: a string, a list of bytes where it does not print, a
// list of either where it is there more than once, or null where it is too long.
type journalText string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *journalText) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) > 0 && data[0] == '"':
		return json.Unmarshal(data, (*string)(t))
	case len(data) > 1 && data[0] == '[':
		var bytes []uint16
		if json.Unmarshal(data, &bytes) == nil {
			b := make([]byte, len(bytes))
			for i := range bytes {
				b[i] = byte(bytes[i])
			}
			*t = journalText(b)
			return nil
		}
		var several []journalText
		if err := json.Unmarshal(data, &several); err != nil || len(several) == 0 {
			return err
		}
		*t = several[0]
	}
	return nil
}

// parseJournal takes an entry of a journal apart. An identifier is as a program
// chose it, the unit and the number of the process are as the kernel saw them.
func parseJournal(line Line) (e Entry, cursor string, ok bool) {
	var j journalEntry
	if json.Unmarshal(line.Text, &j) != nil || j.Cursor == "" {
		return e, "", false
	}
	e = Entry{Log: line.Log, Times: 1, Cut: line.Cut, Host: string(j.Host), Unit: string(j.Unit), Message: string(j.Message)}
	if micro, err := strconv.ParseInt(j.Time, 10, 64); err == nil {
		e.At = time.UnixMicro(micro)
	}
	if e.named(string(j.Identifier)); j.Identifier == "" {
		e.Process = string(j.Command)
	}
	pid := j.PID
	if pid == "" {
		pid = j.SyslogPID
	}
	e.PID, _ = digits(string(pid), 0)
	if len(e.Message) > MostBytes {
		e.Message, e.Cut = e.Message[:MostBytes], true
	}
	return e, j.Cursor, true
}
