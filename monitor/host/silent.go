package host

import (
	"sync"
	"time"
)

// Silent is what did not answer just now, whichever unit of a run has asked it: nobody waits
// for it again so soon.
type Silent struct {
	mu   sync.Mutex
	last map[string]silence
}

// silence is why something did not answer, and when.
type silence struct {
	why error
	at  time.Time
}

// About returns why something did not answer just now; nil: it did, or was not asked.
func (s *Silent) About(what string) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.last[what]; time.Since(last.at) < 3*Greeting {
		return last.why
	}
	return nil
}

// Note remembers why something does not answer; nil: it does.
func (s *Silent) Note(what string, why error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[string]silence{}
	}
	s.last[what] = silence{why, time.Now()}
}
