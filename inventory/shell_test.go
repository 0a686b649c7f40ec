package inventory_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// TestPaste pastes commands into a real shell and looks at what arrives.
func TestPaste(t *testing.T) {
	words := []string{"", "plain", "a b", "o'brien", "$(id)", "`id`", "a\\b", "*", "~", "#x", "-A", "a;b|c&d", `"`, "ä", "a=b", "!!", "{a,b}"}
	pasted := inventory.Paste(append([]string{"printf", "%s\\n"}, words...)...)
	out, err := exec.Command("sh", "-c", string(pasted)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(out), strings.Join(words, "\n")+"\n"; got != want {
		t.Errorf("%s printed %q, want %q", pasted, got, want)
	}
	if got := inventory.Paste("kill", "-TERM", "12"); got != "kill -TERM 12" {
		t.Errorf("plain words became %s", got)
	}
	if got := inventory.Paste("A=b", "c=d", "=e"); got != "'A=b' c=d '=e'" {
		t.Errorf("words with = became %s", got)
	}
	for _, word := range []string{"a\nb", "a\x1b[2J", "a\x00", "a\xff", "a\u009bb", "a\u202eb"} {
		if got := inventory.Paste("rm", word); got != "" {
			t.Errorf("%q became %q", word, got)
		}
	}
}
