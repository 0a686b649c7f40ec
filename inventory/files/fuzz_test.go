package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzFleet reads foreign YAML.
func FuzzFleet(f *testing.F) {
	f.Add(base)
	f.Add(example)
	f.Add(strings.Replace(base, "{rack: a1}", "&x {<<: *x}", 1))
	f.Add("format: 1\nservers: [{}]\nstores: [{name: a, instances: [{}]}]\nusers: [{user: a}]\nshares: [{}]\ngroups: [{}]\nresources: {a: {}}\nspread: {a: 1}\n")
	f.Add(base + "users: users.csv\ninstances: instances.csv\nshares: shares.csv\n")
	f.Add(base + "\t{[\"")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "dev") || strings.Contains(text, "proc") || strings.Contains(text, "sys") {
			return // a table may be named that is no file of ours
		}
		readForeign(t, "fleet.yaml", text, map[string]string{"fleet.yaml": text, "users.csv": "user,store,disk,io\na,s001,1,1\n"})
	})
}

// FuzzTables reads foreign CSV as the table of users and of instances.
func FuzzTables(f *testing.F) {
	f.Add("user,store,disk,io,kind,pinned,moved,estimated,messages,mailboxes\nanna,s001,1GB,0.5,shared,true,2026-01-31,disk io,1,1\n")
	f.Add("user,store\n\"a\"\"\",\"s001\"\r\n\"x\n")
	f.Add("store,server,role,imap\ns001,imap1,master,x:1\ns001,imap3,replica,:\n")
	f.Add("name,master,replicas,capacity:disk,only:rack\ns1,imap1,imap2 imap3,1,a b\n")
	f.Add("name,domain:rack,capacity:disk,capacity:io\nimap1,a1,1,1\n")
	f.Add("owner,folder,grantee,rights\na,b,-c,\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, table := range []string{"users", "instances", "shares", "groups"} {
			readForeign(t, "t.csv", text, map[string]string{"fleet.yaml": base + table + ": t.csv\n", "t.csv": text})
		}
		readForeign(t, "t.csv", text, map[string]string{"fleet.yaml": "format: 1\nservers: []\nstores: t.csv\n", "t.csv": text})
		readForeign(t, "t.csv", text, map[string]string{"fleet.yaml": "format: 1\nservers: t.csv\nstores: []\n", "t.csv": text})
	})
}

// readForeign reads files and checks what holds for whatever they say: mistakes
// stand at places that exist and are safe to print, and what is no mistake can
// be written and read again.
func readForeign(t *testing.T, name, text string, files map[string]string) {
	dir := lay(t, files)
	inv, _, err := Read(t.Context(), filepath.Join(dir, "fleet.yaml"))
	var e *Error
	if errors.As(err, &e) {
		checkMistakes(t, e, name, text)
		return
	}
	if err != nil {
		t.Fatalf("got %v", err)
	}
	out := filepath.Join(dir, "out")
	if err := Write(out, inv); err != nil {
		t.Fatalf("write: %v", err)
	}
	back, _, err := Read(t.Context(), filepath.Join(out, fleetFile))
	if err != nil {
		written, _ := os.ReadFile(filepath.Join(out, fleetFile))
		t.Fatalf("read again: %v\n%s", err, written)
	}
	same(t, back, inv)
}

func checkMistakes(t *testing.T, e *Error, name, text string) {
	if e.Count < len(e.First) || len(e.First) == 0 || len(e.First) > Shown {
		t.Errorf("%d mistakes, %d shown", e.Count, len(e.First))
	}
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for _, m := range e.First {
		if m.Line < 1 || m.Column < 1 || m.Text == "" {
			t.Errorf("mistake without a place: %s", m)
		}
		if strings.ContainsFunc(m.Text+m.Hint, unicode.IsControl) || !utf8.ValidString(m.Text+m.Hint) {
			t.Errorf("mistake does not print: %q", m)
		}
		if filepath.Base(m.File) != name || strings.ContainsAny(text, "\r\u0085\u2028\u2029") {
			continue
		}
		if m.Line > len(lines)+1 {
			t.Errorf("mistake in line %d of %d: %s", m.Line, len(lines), m)
		} else if m.Line <= len(lines) && m.Column > utf8.RuneCountInString(lines[m.Line-1])+1 {
			t.Errorf("mistake in column %d of %q: %s", m.Column, lines[m.Line-1], m)
		}
	}
}
