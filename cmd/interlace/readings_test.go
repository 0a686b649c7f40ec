package main

import "testing"

// Readings on a server share its connections, and each has one at least.
func TestReadingsShareConnections(t *testing.T) {
	t.Parallel()
	var r readings
	first, end := r.begin("imap1", 4)
	other, _ := r.begin("imap2", 4)
	if first() != 4 || other() != 4 {
		t.Errorf("%d, %d", first(), other())
	}
	second, endSecond := r.begin("imap1", 4)
	third, endThird := r.begin("imap1", 2)
	if first() != 1 || second() != 1 || third() != 1 || other() != 4 {
		t.Errorf("%d, %d, %d, %d", first(), second(), third(), other())
	}
	end()
	if second() != 2 {
		t.Error(second())
	}
	endThird()
	endSecond()
	if again, _ := r.begin("imap1", 3); again() != 3 {
		t.Error(again())
	}
}
