package compare

import (
	"os"
	"path/filepath"
	"testing"
)

// TestMarksBeginAnew: where a reading fails on the way and is begun once more, flags are saved
// once all the same.
func TestMarksBeginAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.csv")
	to, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	f := marksFile{to: to}
	if err := f.begin(); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []uint32{1, 3, 4, 1, 4} {
		f.add(&marks{uid, `\Seen`, ""})
	}
	if err := f.end(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "uid,master,replica\n1,\\Seen,\n4,\\Seen,\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
