package main

import (
	"slices"
	"testing"
)

// Entries of the journal are asked for in full: else journalctl writes null for long
// lines.
func TestJournalIsReadInFull(t *testing.T) {
	a := &app{config: newConfig()}
	a.config.parse("interlace.yaml", []byte("logs: {journal: [--unit=cyrus-imapd]}"))
	opts, err := a.watchOptions(t.Context(), &local{app: a, server: "imap1"})
	if want := []string{"journalctl", "-o", "json", "--all", "--unit=cyrus-imapd"}; err != nil || !slices.Equal(opts.Logs.Journal, want) {
		t.Errorf("got %q, %v, want %q", opts.Logs.Journal, err, want)
	}
}
