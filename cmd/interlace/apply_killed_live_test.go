package main_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/history"
)

// killWhenDenied carries the plan out until users are kept out, and kills that.
func (m *moving) killWhenDenied(further ...string) {
	m.Helper()
	m.put("hang-when-denied", "")
	p := m.begin(append(further, "users.json", "--yes")...)
	m.wait("they are kept out", func() bool { return m.served("anna")+m.served("ben") == "" })
	p.Process.Kill()
	p.end()
	m.must(os.Remove(m.path("hang-when-denied")))
}

// TestApplyKilled kills apply again and again; it comes to the same end.
func TestApplyKilled(t *testing.T) {
	users, every := []string{"anna", "o'ben", "carl"}, 7
	if soaking() {
		users, every = append(users, "dora", "emil", "fred", "gina", "hans"), 1
	}
	m := newMoving(t, users...)
	args, kills := []string{"users.json", "--yes"}, 0
	for seen := 0; ; args = []string{"--resume", "--yes"} {
		p := m.begin(args...)
		for want := seen + every + kills%3; m.records() < want && !p.over(); {
			time.Sleep(2 * time.Millisecond)
		}
		p.Process.Kill()
		if status := p.end(); status == 0 {
			break
		}
		kills++
		seen = m.records()
		if seen > 0 {
			m.must(os.RemoveAll(m.path("users.json"))) // it is in the database
		}
		for _, u := range users {
			if at := m.served(u); len(at) > 2 {
				t.Errorf("after %d kills %s is served by %s", kills, u, at)
			}
		}
		if kills > 300 {
			t.Fatalf("it does not come to an end: %s", p.said.String())
		}
	}
	m.allServed("s2")
	if kills < 5 {
		t.Errorf("it was killed %d times only", kills)
	}
}

// records is how many the journal has of the plan.
func (m *moving) records() int {
	m.Helper()
	h, err := history.Open(m.Context(), m.path("interlace.db"), history.Options{ReadOnly: true})
	if err != nil {
		return 0 // there is no journal yet
	}
	defer h.Close()
	applies, err := h.Applies(m.Context(), true)
	m.must(err)
	n := 0
	for _, a := range applies {
		for _, u := range m.users {
			steps, err := h.Steps(m.Context(), a.Plans[0], inventory.Printable(u)+" to s2")
			m.must(err)
			n += len(steps)
		}
	}
	return n
}

// process is an apply that runs.
type process struct {
	*exec.Cmd
	said  *lockedText
	ended chan struct{}
}

// lockedText is text that may be read while it is written.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// begin starts apply.
func (m *moving) begin(args ...string) *process {
	m.Helper()
	p := &process{Cmd: m.command(context.Background(), "interlace", append([]string{"apply"}, args...)...), said: &lockedText{}, ended: make(chan struct{})}
	p.Stdout, p.Stderr = p.said, p.said
	m.must(p.Start())
	go func() { defer close(p.ended); p.Wait() }()
	m.Cleanup(func() { p.Process.Kill() })
	return p
}

func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) end() int {
	<-p.ended
	return p.ProcessState.ExitCode()
}

func (m *moving) wait(what string, holds func() bool) {
	m.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.Fatalf("not within a minute: %s", what)
		}
	}
}
