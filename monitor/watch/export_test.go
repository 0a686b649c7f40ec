package watch

import (
	"testing"
	"time"
)

// SetPace lets the watcher take in what logs said, and look at itself, more often
// during a test.
func SetPace(t *testing.T, every time.Duration) {
	notes, itself, desk, sights := notesEvery, itselfEvery, deskEvery, betweenSights
	notesEvery, itselfEvery, deskEvery, betweenSights = every, every, every, every
	t.Cleanup(func() { notesEvery, itselfEvery, deskEvery, betweenSights = notes, itself, desk, sights })
}
