package compare

import "testing"

// SetPerParty lets fewer users and shared trees be looked at together during a test.
func SetPerParty(t *testing.T, n int) {
	before := perParty
	perParty = n
	t.Cleanup(func() { perParty = before })
}
