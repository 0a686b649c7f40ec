package main_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"
)

// Another process locks the database while users are kept out: they are let in again within
// max_denied, apply ends soon after, and the time that it tells is the true one. What a later
// one finds out too late is not told as if it were known.
func TestApplyWithLockedDatabase(t *testing.T) {
	m := newMoving(t, "anna", "ben")
	const most = 16 * time.Second
	m.configure("max_denied: 16s\n")
	m.put("lock-when-denied", "")
	p := m.begin("users.json", "--yes", "-o", "json")
	exists := func(name string) func() bool {
		return func() bool { _, err := os.Stat(m.path(name)); return err == nil }
	}
	m.wait("they are kept out", exists("lock-now"))
	db, err := sql.Open("sqlite3", m.path("interlace.db")+"?_txlock=immediate")
	m.must(err)
	defer db.Close()
	lock, err := db.Begin()
	m.must(err)
	began := time.Now()
	m.put("locked", "")
	m.wait("they are let in", func() bool { return m.served("anna") == "s1" && m.served("ben") == "s1" })
	out := time.Since(began)
	status := p.end()
	if took := time.Since(began); out > most || took > out+most {
		t.Errorf("users are let in after %v, and it ends after %v", out, took)
	}
	m.must(lock.Rollback())
	said := p.said.String()
	for _, want := range []string{"another process is writing to the database", "Its users were let in again where they were, which is not written down", "stay silenced, for 15m at most"} {
		if status != 1 || !strings.Contains(said, want) || strings.Contains(said, "KEPT OUT") {
			t.Errorf("status %d, %s\nlacks %s", status, said, want)
		}
	}
	told := answerIn(t, said)
	if denied := told.Units[0].Denied; denied == nil || *denied > most.Seconds() || *denied < out.Seconds()-1 {
		t.Errorf("they were kept out for %v; told is %s", out, said)
	}
	m.must(os.Remove(m.path("lock-when-denied")))
	if a, stderr := m.apply(0, "--rollback", "--yes"); a.Units[0].State != "back" || a.Units[0].Denied != nil {
		t.Errorf("taken back: %+v, %s", a.Units, stderr)
	}
	m.allServed("s1")
}
