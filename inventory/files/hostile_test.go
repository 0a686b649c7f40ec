package files

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soak reports whether the large cases run at full size.
func soak() bool { return os.Getenv("INTERLACE_SOAK") != "" }

// sized returns the full size when soaking, else the short one.
func sized(full, short int) int {
	if soak() {
		return full
	}
	return short
}

func TestHostileYAML(t *testing.T) {
	deep := 100_000
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i <= 'i'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", i-1), 9), ", "))
	}
	for name, test := range map[string]struct{ text, want string }{
		"alias bomb":               {bomb + "users: *i\n" + base, "key a is not known"},
		"brackets":                 {base + "users: " + strings.Repeat("[", deep), "exceeded max depth"},
		"closed brackets":          {base + "users: " + strings.Repeat("[", deep) + strings.Repeat("]", deep), "exceeded max depth"},
		"braces":                   {base + "users: " + strings.Repeat("{a: ", deep), "exceeded max depth"},
		"dashes":                   {base + "users:\n" + strings.Repeat("- ", deep) + "\n", "exceeded max depth"},
		"question marks":           {base + "users:\n " + strings.Repeat("? ", deep) + "\n", "exceeded max depth"},
		"tab":                      {strings.Replace(base, "  - name", "\t- name", 1), "fleet.yaml:6:1: a value can't begin like this"},
		"UTF-16 LE":                {"\xff\xfef\x00o\x00", "fleet.yaml:1:1: the file is UTF-16 (save the file as UTF-8)"},
		"UTF-16 BE":                {"\x00f\x00o", "fleet.yaml:1:1: the file is UTF-16"},
		"Latin 1":                  {strings.Replace(base, "imap2, dom", "imap\xe42, dom", 1), "fleet.yaml:4:16: the byte 0xe4 is not UTF-8 (save the file as UTF-8)"},
		"control":                  {strings.Replace(base, "imap2, dom", "imap\x1b2, dom", 1), `fleet.yaml:4:16: '\x1b' is a control character`},
		"NUL":                      {base + "# \x00", `'\x00' is a control character`},
		"empty":                    {"", "fleet.yaml:1:1: the file is empty"},
		"only a comment":           {"# nothing\n", "fleet.yaml:1:1: the file is empty"},
		"a text":                   {"hello", "fleet.yaml:1:1: the fleet: keys with values are expected here"},
		"a list":                   {"- a\n", "fleet.yaml:1:1: the fleet: keys with values are expected here"},
		"list without end":         {base + "users: [\n" + strings.Repeat("a,\n", sized(2_700_000, 100_000)) + "{\n", "a value is expected here"},
		"name that does not print": {base + "users: \"a\\e[2J\"\n", `a\x1b[2J" can't be read`},
		"JSON of the kind":         {`{"format": 1, "servers": [], "stores": [], "users": {"a": 1}}`, "fleet.yaml:1:53: users: a list or the name"},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			got, _ := complaintsOf(t, map[string]string{"fleet.yaml": test.text})
			if !strings.Contains(strings.Join(got, "\n"), test.want) {
				t.Errorf("got %.500q, want %q", got, test.want)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestByteOrderMarkIsFine(t *testing.T) {
	if _, _, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{"fleet.yaml": "\ufeff" + base}), "fleet.yaml")); err != nil {
		t.Error(err)
	}
}

func TestNorwayIsAPlace(t *testing.T) {
	text := strings.ReplaceAll(base, "{rack: a1}", "{rack: no, site: 010}")
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{"fleet.yaml": text}), "fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := inv.Servers[0].Domains; got["rack"] != "no" || got["site"] != "010" {
		t.Errorf("got %v, want the names as they are written", got)
	}
}

func TestTooLargeForYAML(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	io.WriteString(w, base+"users:\n")
	for size := 0; size < sized(100<<20, maxFleet); {
		n, _ := io.WriteString(w, "- {user: anna, store: s001, disk: 1, io: 1}\n")
		size += n
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	_, _, err = Read(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "fleet.yaml:1:1: the file is larger than 8 MiB") || !strings.Contains(err.(*Error).Hints()[0], "servers: servers.csv") {
		t.Errorf("got %v", err)
	}
}

// A mistake that stops the YAML parser leaves what stands before it.
func TestWhatTheParserReached(t *testing.T) {
	broken := strings.Replace(base, "12TiB", "12TB8", 1)
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"unclosed brace": {strings.Replace(broken, "{server: imap2, role: replica}", "{server: imap2, role: replica", 1), []string{
			`fleet.yaml:3:57: capacity of imap1: "12TB8" is not a size`,
			"fleet.yaml:7:48: the mapping that begins here is not closed by }, or a comma is missing",
		}},
		"tab": {broken + "\tx: 1\n", []string{`fleet.yaml:3:57`, "fleet.yaml:8:1: a value can't begin like this"}},
		"indentation": {broken + "users:\n  - {user: anna, store: s009, disk: 1GG, io: 1}\n - {user: bob}\n", []string{
			`fleet.yaml:3:57`, `fleet.yaml:9:37: disk of anna: "1GG" is not a size`, "fleet.yaml:10:2: a key with the indentation of those above is expected here",
		}},
		"quote":      {broken + "users: \"users.csv\n", []string{`fleet.yaml:3:57`, "fleet.yaml:8:8: the quote that opens here is not closed"}},
		"two colons": {broken + "users: a: b\n", []string{`fleet.yaml:3:57`, "fleet.yaml:8:9: a key can't stand here"}},
		"at once":    {"format: {\n", []string{"fleet.yaml:1:9: a value is expected here"}},
		"resources not reached": {strings.Replace(broken, "io: 9000}}", "cpu: 9}}", 1) + "resources: {disk: {}, cpu: {}\n", []string{
			`fleet.yaml:3:57`, "fleet.yaml:8:12: the mapping that begins here",
		}},
		"in a long list":  {broken + "users:\n  - {user: anna, store: s001, disk: 1, io: 1}\nspread: [\n  rack,\n  {a:,\n", []string{`fleet.yaml:3:57`, "fleet.yaml:12:6: a value is expected here"}},
		"second document": {broken + "---\n}\n", []string{"fleet.yaml:3:57", "fleet.yaml:9:1: "}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, map[string]string{"fleet.yaml": test.text}, test.want...) })
	}
}

// A line of a gigabyte costs no memory, and what follows it is read.
func TestLongLine(t *testing.T) {
	size := sized(1<<30, 8<<20)
	dir := lay(t, map[string]string{"fleet.yaml": base + "users: users.csv\n"})
	file, err := os.Create(filepath.Join(dir, "users.csv"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(file, "user,store,disk,io\nanna,s001,1,1\n")
	if _, err := io.Copy(file, io.LimitReader(repeat('a'), int64(size))); err != nil {
		t.Fatal(err)
	}
	io.WriteString(file, "\nbob,s009,1,1\n")
	file.Close()

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "users.csv:3:1: the line is longer than 64 KiB") || !strings.Contains(err.Error(), "users.csv:4:5: store s009") {
		t.Errorf("got %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("reading used %d bytes", used)
	}
}

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// lowerLimit lets tables that are no plain files end after a few megabytes, but in
// a soak, and returns where they end.
func lowerLimit(t *testing.T) int64 {
	if !soak() {
		tableLimit = 4 << 20
		t.Cleanup(func() { tableLimit = maxTable })
	}
	return tableLimit
}

// A pipe without end ends at the limit.
func TestEndlessPipe(t *testing.T) {
	lowerLimit(t)
	dir := lay(t, map[string]string{"fleet.yaml": base + "users: pipe\n"})
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error)
	go func() {
		file, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err == nil {
			io.WriteString(file, "user,store,disk,io\n")
			_, err = io.Copy(file, repeat('\n'))
			file.Close()
		}
		written <- err
	}()
	_, _, err := Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	if err == nil || !strings.Contains(err.Error(), "the file can't be read further: it holds more than 2 GiB") {
		t.Errorf("got %v", err)
	}
	if err := <-written; !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the writer ends with %v", err)
	}
}

// A device is refused before anything is read from it.
func TestDevice(t *testing.T) {
	got, _ := complaintsOf(t, map[string]string{"fleet.yaml": base + "users: /dev/zero\n"})
	if len(got) != 1 || !strings.HasSuffix(got[0], "/dev/zero can't be read: it is a device") {
		t.Errorf("got %q", got)
	}
}

// A small file that unpacks without end ends at the limit.
func TestGzipBomb(t *testing.T) {
	limit := lowerLimit(t)
	dir := lay(t, map[string]string{"fleet.yaml": base + "users: users.csv.gz\n"})
	file, err := os.Create(filepath.Join(dir, "users.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := gzip.NewWriterLevel(file, gzip.BestSpeed)
	io.WriteString(w, "user,store,disk,io\n")
	if _, err := io.Copy(w, io.LimitReader(repeat('\n'), limit+1)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	file.Close()
	_, _, err = Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	if err == nil || !strings.Contains(err.Error(), "the file can't be read further: it holds more than 2 GiB") {
		t.Errorf("got %v", err)
	}
}

func TestLimited(t *testing.T) {
	text, err := io.ReadAll(&limited{in: strings.NewReader("0123456789"), left: 4})
	if string(text) != "0123" || err != errEndless {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestBrokenGzip(t *testing.T) {
	var users strings.Builder
	users.WriteString("user,store,disk,io\n")
	for i := range 1000 {
		fmt.Fprintf(&users, "u%d,s001,%d,1\n", i*7919, i*7919)
	}
	good := packed(t, users.String())
	for text, want := range map[string]string{
		good[:len(good)-9]: "the file can't be read further: unexpected EOF",
		"user,store\n":     "fleet.yaml:8:8: ",
		"":                 "fleet.yaml:8:8: ",
	} {
		got, _ := complaintsOf(t, map[string]string{"fleet.yaml": base + "users: users.csv.gz\n", "users.csv.gz": text})
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Cells that a spreadsheet would run are names like any other.
func TestFormulaCells(t *testing.T) {
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{
		"fleet.yaml": base + "users: users.csv\n", "users.csv": "user,store,disk,io\n\"=cmd|' /C calc'!A0\",s001,1,1\n@x,s001,1,1\n",
	}), "fleet.yaml"))
	if err != nil || inv.Users[0].Name != "=cmd|' /C calc'!A0" {
		t.Errorf("got %v, %v", inv, err)
	}
}

// Lines may end in either way within one file.
func TestMixedLineEnds(t *testing.T) {
	inv, _, err := Read(t.Context(), filepath.Join(lay(t, map[string]string{
		"fleet.yaml": base + "users: users.csv\n", "users.csv": "user,store,disk,io\r\na,s001,1,1\nb,s001,1,1\r\n\r\n\nc,s001,1,1\r",
	}), "fleet.yaml"))
	if err != nil || len(inv.Users) != 3 {
		t.Errorf("got %v, %v", inv, err)
	}
}

// Five million rows at no more than 200 bytes each.
func TestManyUsers(t *testing.T) {
	n := sized(5_000_000, 50_000)
	path := layUsers(t, n, true)
	before := heap()
	inv, _, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if each := float64(heap()-before) / float64(n); each > 200 {
		t.Errorf("%.0f bytes a user", each)
	}
	if len(inv.Users) != n {
		t.Errorf("%d users, want %d", len(inv.Users), n)
	}
	runtime.KeepAlive(inv)
}
