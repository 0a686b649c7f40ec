package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// healthy is the smallest fleet file; tables are what may stand behind it.
const (
	healthy = "format: 1\nservers:\n  - {name: imap1, capacity: {disk: 1TB, io: 100}}\nstores:\n  - {name: s1, instances: [{server: imap1, role: master}]}\n"
	server  = "format: 1\nservers:\n  - {name: imap1, %s}\nstores: []\n"
)

// soak reports whether the large tests run in full.
func soak() bool { return os.Getenv("INTERLACE_SOAK") != "" }

// large returns n, or a hundredth of it unless the large tests run.
func large(n int) int {
	if soak() {
		return n
	}
	return n / 100
}

// Fleet files that are wrong, or meant to do harm, are refused: with the place
// of the mistake, status 2, in reasonable time, and with no database made.
func TestBadFleets(t *testing.T) {
	for _, c := range []struct {
		name, fleet, users, want string
	}{
		{name: "alias bomb", fleet: "format: 1\nspread: &a [x, x]\nsurvive: &b [*a, *a]\nservers: [*b, *b]\n", want: "fleet.yaml:2:9: .*anchor"},
		{name: "deep nesting", fleet: "servers: " + strings.Repeat("[", large(10_000_000)), want: "fleet.yaml:1:"},
		{name: "duplicate key", fleet: healthy + "format: 1\n", want: "fleet.yaml:6:1: "},
		{name: "unknown key", fleet: healthy + "serverz: []\n", want: "fleet.yaml:6:1: .*serverz"},
		{name: "tabs", fleet: "format: 1\nservers:\n\t- {name: imap1}\n", want: "fleet.yaml:"},
		{name: "UTF-16", fleet: "\xff\xfef\x00o\x00r\x00m\x00", want: "UTF-16"},
		{name: "not text", fleet: "format\x00\x00\x00: 1\n", want: "fleet.yaml:1:7: "},
		{name: "empty", fleet: "", want: "fleet.yaml:1:1: "},
		{name: "a list", fleet: "[1, 2]\n", want: "fleet.yaml:1:1: "},
		{name: "too large", fleet: healthy + strings.Repeat("# filler\n", 1<<20), want: "8 MiB"},
		{name: "100 MB", fleet: healthy + strings.Repeat("# filler\n", large(1_200_000_000/9)), want: "8 MiB"},
		{name: "exponent", fleet: fmt.Sprintf(server, "capacity: {disk: 1, io: 1e308}"), want: `"1e308" is not a number`},
		{name: "hexadecimal", fleet: fmt.Sprintf(server, "capacity: {disk: 1, io: 0x10}"), want: `"0x10" is not a number`},
		{name: "no for a name", fleet: "format: no\nservers: []\nstores: []\n", want: "fleet.yaml:1:9: "},
		{name: "octal", fleet: fmt.Sprintf(server, "slots: 010, capacity: {disk: 1, io: 1}"), want: `"010"`},
		{name: "underscore", fleet: fmt.Sprintf(server, "capacity: {disk: 1_000, io: 1}"), want: `"1_000" is not a size`},
		{name: "negative capacity", fleet: fmt.Sprintf(server, "capacity: {disk: -1, io: 1}"), want: `"-1"`},
		{name: "zero capacity", fleet: fmt.Sprintf(server, "capacity: {disk: 0, io: 1}"), want: "fleet.yaml:3:"},
		{name: "missing capacity", fleet: fmt.Sprintf(server, "capacity: {io: 1}"), want: "disk"},
		{name: "NaN", fleet: fmt.Sprintf(server, "capacity: {disk: 1, io: .nan}"), want: `".nan" is not a number`},
		{name: "Inf", fleet: fmt.Sprintf(server, "capacity: {disk: 1, io: .inf}"), want: `".inf" is not a number`},
		{name: "unit mistake", fleet: fmt.Sprintf(server, "capacity: {disk: 1Gib, io: 1}"), want: "hint: write 1GiB"},
		{name: "overflow", fleet: fmt.Sprintf(server, "capacity: {disk: 9999999PiB, io: 1}"), want: "largest value"},
		{name: "twice", fleet: strings.Replace(healthy, "stores:", "  - {name: imap1, capacity: {disk: 1, io: 1}}\nstores:", 1), want: "imap1 is named twice"},
		{name: "unknown server", fleet: strings.Replace(healthy, "server: imap1", "server: imap2", 1), want: "hint: imap2 looks like imap1"},
		{name: "two masters", fleet: strings.Replace(healthy, "role: master}", "role: master}, {server: imap1, role: master}", 1), want: "fleet.yaml:5:"},
		{name: "escape sequence", fleet: healthy + "\"\\e[2J\": 1\n", want: `fleet.yaml:6:1: `},

		{name: "missing table", fleet: healthy + "users: nowhere.csv\n", want: "nowhere.csv"},
		{name: "long line", users: "user,store,disk,io\n" + strings.Repeat("x", large(1<<30)), want: "users.csv:2:1: .*64 KiB"},
		{name: "unclosed quote", users: "user,store,disk,io\n\"anna,s1,1,1\nbob,s1,1,1\n", want: "users.csv:2:1: .*not closed"},
		{name: "NUL", users: "user,store,disk,io\nan\x00na,s1,1,1\n", want: "users.csv:2"},
		{name: "UTF-16 table", users: "\xff\xfeu\x00s\x00e\x00r\x00", want: "users.csv:1:1: the file is UTF-16"},
		{name: "CR only", users: "user,store,disk,io\ranna,s1,1,1\r", want: "users.csv:1:19: a carriage return"},
		{name: "tabs between", users: "user\tstore\tdisk\tio\n", want: "users.csv:1:1: .*commas"},
		{name: "semicolons", users: "user;store;disk;io\nanna;s1;1;1\n", want: "users.csv:1:1: "},
		{name: "too many cells", users: "user,store,disk,io\nanna,s1,1,1,1\n", want: "users.csv:2:"},
		{name: "too few cells", users: "user,store,disk,io\nanna,s1\n", want: "users.csv:2:"},
		{name: "unknown column", users: "user,store,disk,io,colour\nanna,s1,1,1,red\n", want: "users.csv:1:20: .*colour"},
		{name: "column twice", users: "user,store,disk,io,disk\nanna,s1,1,1,1\n", want: "users.csv:1:20: "},
		{name: "no header", users: "anna,s1,1,1\n", want: "users.csv:1:1: "},
		{name: "duplicate user", users: "user,store,disk,io\nanna,s1,1,1\nanna,s1,1,1\n", want: "users.csv:3:1: .*anna is named twice"},
		{name: "unknown store", users: "user,store,disk,io\nanna,s2,1,1\n", want: "users.csv:2:6: .*s2"},
		{name: "invalid UTF-8", users: "user,store,disk,io\nan\xffna,s1,1,1\n", want: "users.csv:2:"},
		{name: "formula number", users: "user,store,disk,io\nanna,s1,=1+1,1\n", want: `users.csv:2:9: .*"=1\+1"`},
		{name: "hundreds", users: "user,store,disk,io\n" + strings.Repeat("anna,s9,x,y\n", 500), want: "first 100 are shown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			fleet := c.fleet
			if c.users != "" {
				fleet = healthy + "users: users.csv\n"
				write(t, "users.csv", c.users)
			}
			write(t, "fleet.yaml", fleet)
			refuses(t, c.want, "import", "fleet.yaml")
			if _, err := os.Stat("interlace.db"); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// refuses runs a command that must end with status 2, say what is wrong and print nothing.
func refuses(t *testing.T, want string, args ...string) {
	t.Helper()
	start := time.Now()
	status, stdout, stderr := interlace(t.Context(), args...)
	if status != exitFailed || stdout != "" || !matches(want, stderr) {
		t.Errorf("status %d, printed %q, said:\n%.2000s\nwant %q", status, stdout, stderr, want)
	}
	if strings.ContainsFunc(stderr, func(r rune) bool { return r < ' ' && r != '\n' }) {
		t.Errorf("control characters reach the terminal: %q", stderr)
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("took %s", took)
	}
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// What looks odd and is right is read.
func TestOddFleets(t *testing.T) {
	for _, c := range []struct{ name, fleet, users string }{
		{name: "byte order mark", fleet: "\ufeff" + healthy},
		{name: "CRLF", fleet: strings.ReplaceAll(healthy, "\n", "\r\n")},
		{name: "CSV with BOM and CRLF mixed", users: "\ufeffuser,store,disk,io\r\nanna,s1,1,1\nbob,s1,2,2\r\n"},
		{name: "names like formulas", users: "user,store,disk,io\n=1+1,s1,1,1\n@bob,s1,1,1\n-x,s1,1,1\n"},
		{name: "equal users", users: "user,store,disk,io\na,s1,1,1\nb,s1,1,1\nA,s1,1,1\n"},
		{name: "columns in another order", users: "io,kind,disk,store,user\n1,shared,5GB,s1,office\n"},
		{name: "no users", users: "user,store,disk,io\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			fleet := c.fleet
			if c.users != "" {
				fleet = healthy + "users: users.csv\n"
				write(t, "users.csv", c.users)
			}
			write(t, "fleet.yaml", fleet)
			if status, _, stderr := interlace(t.Context(), "import", "fleet.yaml"); status != exitFine {
				t.Errorf("status %d: %s", status, stderr)
			}
		})
	}
}

// Millions of rows are read in one go, packed or not.
func TestManyRows(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "fleet.yaml", healthy+"users: users.csv.gz\n")
	f, err := os.Create("users.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(f)
	fmt.Fprintln(packed, "user,store,disk,io")
	for i := range large(5_000_000) {
		fmt.Fprintf(packed, "user%d,s1,%d,0.001\n", i, i%1000)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := interlace(t.Context(), "import", "fleet.yaml")
	if status != exitFine || !strings.Contains(stdout, "1 server, 1 store, ") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

// A file that unpacks without end is refused where it passes the limit, and
// until then an interrupt ends it.
func TestUnpackedBomb(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "fleet.yaml", healthy+"users: users.csv.gz\n")
	f, err := os.Create("users.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	packed := gzip.NewWriter(f)
	if _, err := io.CopyN(packed, newlines{}, int64(large(5<<30))); err != nil {
		t.Fatal(err)
	}
	if !soak() { // in place of more of the same
		if _, err := io.WriteString(packed, "\x00"); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	refuses(t, "users.csv.gz", "import", "fleet.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if status, _, stderr := interlace(ctx, "import", "fleet.yaml"); status != exitInterrupted {
		t.Errorf("status %d, %s", status, stderr)
	}
}

type newlines struct{}

func (newlines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

// FuzzDecodePlan feeds the reader of plan files.
func FuzzDecodePlan(f *testing.F) {
	f.Add([]byte(`{"format": 1, "kind": "layout", "id": "0123456789abcdef", "changes": []}`))
	f.Add([]byte(`{"format": 1, "kind": "users", "id": ""} x`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodePlan(text)
		if err == nil && p.PlanID() == "" {
			t.Errorf("%q is a plan without id", text)
		}
	})
}

// FuzzConfig feeds the reader of the configuration.
func FuzzConfig(f *testing.F) {
	f.Add("imap: {user: admin}\nkeep_source: 3d\nmail: {to: [a, b]}\n")
	f.Add("imap: &x {user: *x}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newConfig()
		if c.parse(filepath.Join("etc", "interlace.yaml"), []byte(text)); c.refuse() == nil && c.Connections < 1 {
			t.Errorf("%q gives %d connections", text, c.Connections)
		}
	})
}
