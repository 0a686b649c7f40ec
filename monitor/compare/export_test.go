package compare

import "testing"

// set gives something another value during a test.
func set[T any](t *testing.T, what *T, value T) {
	before := *what
	*what = value
	t.Cleanup(func() { *what = before })
}

// SetManyMoments lets fewer mailboxes tell two instances apart during a test.
func SetManyMoments(t *testing.T, n int) { set(t, &manyMoments, n) }

// SetPerParty lets fewer users and shared trees be looked at together during a test.
func SetPerParty(t *testing.T, n int) { set(t, &perParty, n) }

// SetMostMarks lets the flags of fewer messages be kept during a test.
func SetMostMarks(t *testing.T, n int) { set(t, &mostMarks, n) }

// SetMostRanges lets fewer ranges of UIDs be kept at once during a test.
func SetMostRanges(t *testing.T, n int) { set(t, &mostRanges, n) }
