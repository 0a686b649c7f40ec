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
