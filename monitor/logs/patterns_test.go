package logs

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor"
)

func TestReadPatterns(t *testing.T) {
	list, err := ReadPatterns("own.tsv", "# ours\n\nimap,imaps\tinfo\t-\t-\tour hook says {what}\tour hook says hello\tharmless\t-\r\n"+
		"*\tcritical\tlog_line\tover=10 by=user\tquota of {user} is gone\t-\tthe hook failed\tcall us\n")
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if p := list[0]; len(p.Processes) != 2 || p.Severity != monitor.Info || p.Kind != monitor.LogLine || p.Over != 0 {
		t.Errorf("%+v", p)
	}
	if p := list[1]; p.Processes != nil || p.Over != 10 || p.By != "user" || p.Meaning != "the hook failed" || p.Remedy != "call us" {
		t.Errorf("%+v", p)
	}
}

// TestOwnPatternsComeFirst checks that lines of the operator's table are known as it
// says, also those that the catalogue knows otherwise.
func TestOwnPatternsComeFirst(t *testing.T) {
	own, err := ReadPatterns("own.tsv", "lmtp\tinfo\t-\t-\tour hook says {what}\tour hook says hello\tharmless\t-\n"+
		"*\tcritical\t-\t-\tIOERROR: {what}\t-\tsee the disk\t-\n")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCatalogue(own)
	if err != nil {
		t.Fatal(err)
	}
	for message, want := range map[string]string{
		"our hook says hello":           "harmless",
		"IOERROR: zero length response": "see the disk",
		"our hook says":                 "",
	} {
		got := ""
		if p := c.find(&Entry{Process: "lmtp", Message: message}, true); p != nil {
			got = p.Meaning
		}
		if got != want {
			t.Errorf("%s: %q, want %q", message, got, want)
		}
	}
}

func TestReadPatternsTellsAllThatIsWrong(t *testing.T) {
	_, err := ReadPatterns("own.tsv", "imap\tinfo\n*\tloud\t-\t-\tx\t-\t-\t-\n*\tinfo\t-\tover=many\tx\t-\t-\t-\n*\tinfo\t-\t-\t{all}\t-\t-\t-\n"+
		"*\tinfo\t-\tby=who\tx {what}\t-\t-\t-\n*\tinfo\t-\t-\tabc\tabd\t-\t-\n*\tinfo\t-\twhatever\tx\t-\t-\t-\n")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"own.tsv:1: it has 2 cells, not 8", `own.tsv:2: severity "loud" is none of info, warning, critical`, "own.tsv:3: over=many is no number above 0",
		"own.tsv:4: pattern \"{all}\": it stands for every line", `own.tsv:5: pattern "x {what}": it has no hole "who"`,
		`own.tsv:6: pattern "abc" does not match its example "abd"`, `own.tsv:7: unknown rule "whatever"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}
