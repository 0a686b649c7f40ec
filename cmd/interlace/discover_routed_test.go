package main

import (
	"errors"
	"strings"
	"testing"
)

// TestDecide takes of two stores the one that is used, and neither where that is not
// plain.
func TestDecide(t *testing.T) {
	silent := errors.New("no route to host")
	for _, c := range []struct {
		name  string
		d     doubtful
		store string
		why   string
	}{
		{"routed and not denied there", doubtful{route: "imap2", stores: []candidate{{store: "s1", denied: true}, {store: "s2", routed: true}}}, "s2", "users are routed"},
		{"routed, and nobody knows who is denied", doubtful{route: "imap2", stores: []candidate{{store: "s1", unseen: silent}, {store: "s2", routed: true, unseen: silent}}}, "s2", "users are routed"},
		{"routed to where they are denied", doubtful{route: "imap1", stores: []candidate{{store: "s1", routed: true, denied: true}, {store: "s2"}}}, "", "routed to s1 and denied there"},
		{"routed elsewhere", doubtful{route: "imap9", stores: []candidate{{store: "s1", denied: true}, {store: "s2"}}}, "", `routed to "imap9", which is none of them`},
		{"not routed, denied on one", doubtful{stores: []candidate{{store: "s1", denied: true}, {store: "s2"}}}, "s2", "the only one"},
		{"no routing, denied on one", doubtful{unrouted: errUnrouted, stores: []candidate{{store: "s1"}, {store: "s2", denied: true}}}, "s1", "the only one"},
		{"a server that both are on, denied on one", doubtful{route: "imap1", stores: []candidate{{store: "s1", routed: true}, {store: "s2", routed: true, denied: true}}}, "s1", "the only one"},
		{"denied on both", doubtful{stores: []candidate{{store: "s1", denied: true}, {store: "s2", denied: true}}}, "", "denied on all of them"},
		{"denied on none", doubtful{stores: []candidate{{store: "s1"}, {store: "s2"}}}, "", "the routing says nothing of the user; denied on none of them"},
		{"not known of one", doubtful{stores: []candidate{{store: "s1", unseen: silent}, {store: "s2", denied: true}}}, "", "who is denied on s1 is not known: no route to host"},
	} {
		if got := c.d.decide(); string(got.Store) != c.store || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %q, %s", c.name, got.Store, got.Why)
		}
	}
}
