package compare

import "testing"

// SetManyMoments lets fewer mailboxes tell two instances apart during a test.
func SetManyMoments(t *testing.T, n int) {
	before := manyMoments
	manyMoments = n
	t.Cleanup(func() { manyMoments = before })
}

// SetPerParty lets fewer users and shared trees be looked at together during a test.
func SetPerParty(t *testing.T, n int) {
	before := perParty
	perParty = n
	t.Cleanup(func() { perParty = before })
}

// SetMostMarks lets the flags of fewer messages be kept during a test.
func SetMostMarks(t *testing.T, n int) {
	before := mostMarks
	mostMarks = n
	t.Cleanup(func() { mostMarks = before })
}

// SetMostRanges lets fewer ranges of UIDs be kept at once during a test.
func SetMostRanges(t *testing.T, n int) {
	before := mostRanges
	mostRanges = n
	t.Cleanup(func() { mostRanges = before })
}
