package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// remember keeps the database and the claims as they are, and returns what brings them back.
func (m *moving) remember() (restore func()) {
	m.Helper()
	files, err := filepath.Glob(m.path("interlace.db*"))
	m.must(err)
	for _, in := range m.fleet.Instances() {
		claims, err := filepath.Glob(filepath.Join(in.Dir, "conf", "interlace-*.claim"))
		m.must(err)
		files = append(files, claims...)
	}
	saved := m.TempDir()
	copied := func(from, to string) {
		m.Helper()
		if out, err := exec.Command("cp", "-a", "--", from, to).CombinedOutput(); err != nil {
			m.Fatal(string(out), err)
		}
	}
	for _, file := range files {
		m.must(os.MkdirAll(filepath.Join(saved, filepath.Dir(file)), 0o755))
		copied(file, filepath.Join(saved, file))
	}
	return func() {
		for _, file := range files {
			copied(filepath.Join(saved, file), file)
		}
	}
}

// refused has the promotion of imap3 fail at its check, and given up with what builds on it as long
// as it would fail again. After that all is as it was before.
func (m *moving) refused() {
	m.Helper()
	defer m.remember()()
	conf := m.operator.On("s1", "imap3").Conf
	text, err := os.ReadFile(conf)
	m.must(err)
	broken := bytes.Replace(text, []byte("sync_log: yes\n"), []byte("sync_log: no\n"), 1)
	m.must(os.WriteFile(conf, broken, 0o644))
	m.apply(1, "--resume", "--yes")
	m.must(os.WriteFile(conf, text, 0o644))
	if _, stderr := m.apply(0, "--resume", "--give-up"); strings.Contains(stderr, "would be given up") {
		m.Errorf("what would not fail again: %s", stderr)
	}
	m.must(os.WriteFile(conf, broken, 0o644))
	if _, stderr := m.apply(1, "--resume", "--give-up"); strings.Count(stderr, ": would be given up") != 2 || !strings.Contains(stderr, "c2 promote s1 on imap3: would") {
		m.Errorf("what would be given up: %s", stderr)
	}
	m.apply(0, "--resume", "--give-up", "--yes")
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") || !strings.Contains(stderr, "store s1 has these instances by the journal") || !strings.Contains(stderr, "{server: imap3, role: replica, ") {
		m.Errorf("given up: %s", stderr)
	}
	m.must(os.WriteFile(conf, text, 0o644))
}

// overtaken has somebody undo by hand the promotion of imap3 that apply is in the middle of, and the
// plan given up then. After that all is as it was before.
func (m *moving) overtaken() {
	m.Helper()
	do := func(action, server string, servers ...string) {
		m.Helper()
		_, err := m.operator.Do(m.Context(), action, "s1", server, servers)
		m.must(err)
	}
	restore := m.remember()
	do("stop", "imap3")
	do("start", "imap1", "imap1", "imap2", "imap3")
	for _, args := range [][]string{{"--resume"}, {"--resume", "--yes"}} {
		_, stdout, stderr := m.program(append([]string{"apply"}, args...)...)
		said := strings.Join(strings.Fields(stdout+stderr), " ")
		for _, want := range []string{"imap1 leads store s1 now", "users anna, ben are not routed to imap1", "--resume --give-up --yes ends it"} {
			if !strings.Contains(said, want) {
				m.Errorf("%v: %s is not said: %s", args, want, said)
			}
		}
		if strings.Contains(said, "OFFLINE") || strings.Contains(said, "must not be started as a master") {
			m.Errorf("%v: %s", args, said)
		}
	}
	if _, stderr := m.apply(1, "--resume", "--give-up"); strings.Count(stderr, ": would be given up") != 2 || !strings.Contains(stderr, "c2 promote s1 on imap3: would") {
		m.Errorf("what would be given up: %s", stderr)
	}
	if _, text, _ := m.program("apply", "--rollback"); !strings.Contains(text, "c2 promote s1 on imap3: somebody has taken it back by hand") || strings.Contains(text, "NOT taken back: c2") {
		m.Errorf("what taking back would do: %s", text)
	}
	m.apply(0, "--resume", "--give-up", "--yes")
	if _, stderr := m.apply(0, "--resume", "--yes"); !strings.Contains(stderr, "nothing is begun and not done") {
		m.Errorf("given up: %s", stderr)
	}
	do("start", "imap3", "imap1", "imap2", "imap3")
	if c, verdicts := m.confirmed(0, "layout.json"); verdicts["taken_back"] != "met" {
		m.Errorf("given up, confirm says %v: %+v", verdicts, c.Doubts)
	}

	restore()
	do("stop", "imap1")
	do("stop", "imap3")
	do("start", "imap3", "imap3", "imap2", "imap1")
}
