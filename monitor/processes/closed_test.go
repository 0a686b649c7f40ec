package processes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
)

// TestOpening: what is printed against a log that is closed opens it to its user, and
// not more than that.
func TestOpening(t *testing.T) {
	needs.Root(t, "give files away")
	const cyrus, other = 64001, 64002 // accounts without a name
	for _, test := range []struct {
		name  string
		owner int
		mode  os.FileMode // of the directory
		log   os.FileMode // of the log there, if there is one
		want  string
	}{
		{"all is well", cyrus, 0o700, 0o600, ""},
		{"others may write there", other, 0o777, 0, ""},
		{"a mode", cyrus, 0o500, 0, "chmod u+rwx -- 'DIR'"},
		{"an owner", other, 0o755, 0, "chown -- 64001 'DIR'"},
		{"an owner and a mode", other, 0o500, 0, "chown -- 64001 'DIR' && chmod u+rwx -- 'DIR'"},
		{"the log", cyrus, 0o700, 0o400, "chmod u+rw -- 'DIR/log'"},
	} {
		dir := filepath.Join(t.TempDir(), "it's")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		paths := map[string]os.FileMode{dir: test.mode}
		if test.log != 0 {
			paths[dir+"/log"] = test.log
			if err := os.WriteFile(dir+"/log", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for path, mode := range paths {
			if err := os.Chown(path, test.owner, test.owner); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		want := strings.ReplaceAll(test.want, "DIR", strings.ReplaceAll(dir, "'", `'\''`))
		if got := unwritable(dir, cyrus); got.Command != inventory.Text(want) || (got.Why == "") != (want == "") {
			t.Errorf("%s: got %+v, want %s", test.name, got, want)
		}
		// What is not there yet is made in the directory above, whatever the log there is.
		if test.log != 0 {
			want = ""
		}
		for _, below := range []string{dir + "/sync", dir + "/sync/imap3"} {
			if got := unwritable(below, cyrus); got.Command != inventory.Text(want) || (got.Why == "") != (want == "") {
				t.Errorf("%s: for %s got %+v, want %s", test.name, below, got, want)
			}
		}
	}
}

// TestNoDirectory: a file stands where a directory is wanted, or above it.
func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sync")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := Closed{`"` + file + `" is no directory`, inventory.Paste("ls", "-ld", "--", file)}
	for _, dir := range []string{file, filepath.Join(file, "imap3")} {
		if got := unwritable(dir, os.Getuid()); got != want {
			t.Errorf("%s: got %+v, want %+v", dir, got, want)
		}
	}
}
