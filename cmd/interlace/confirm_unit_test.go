package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/planner"
)

// Nothing is deleted of a unit of which nothing can be asked, and that is kept.
func TestNothingKnownOfUnit(t *testing.T) {
	t.Chdir(t.TempDir())
	secretFile(t, "password", "secret\n")
	a := &app{stderr: io.Discard, config: newConfig(), now: time.Now}
	a.config.DB, a.config.Connections = "facts.db", 1
	a.config.IMAP = access{User: "admin", PasswordFile: filepath.Join(".", "password"), TLS: "none"}
	h, err := history.Open(t.Context(), "facts.db", history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	inv := inventory.New()
	for _, name := range []string{"s1", "s2"} {
		inv.Servers = append(inv.Servers, inventory.Server{Name: inventory.ServerID("imap" + name)})
		inv.Stores = append(inv.Stores, inventory.Store{Name: inventory.StoreID(name), Instances: []inventory.Instance{{Server: inventory.ServerID("imap" + name), Role: inventory.Master, IMAP: "127.0.0.1:1"}}})
	}
	inv.Users = []inventory.User{{Name: "anna", Store: "s2"}}
	u := &course.Unit{Plan: "p", Name: "anna to s2", Moves: []planner.UserChange{{User: "anna", From: "s1", To: "s2"}}}
	_, err = a.confirmUnit(h)(t.Context(), inv, u, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "changes is unknown (anna: expected: moved from s1 to s2; found: s2 on imaps2 is not known") || !strings.HasSuffix(err.Error(), " more") {
		t.Errorf("the error is %v", err)
	}
	kept, err := h.Confirmations(t.Context(), "p")
	if err != nil || len(kept) != 1 || kept[0].Unit != "anna to s2" || kept[0].Occasion != monitor.BeforeDeletion || kept[0].Verdict != monitor.UnknownFulfilment {
		t.Errorf("kept is %+v, %v", kept, err)
	}
}

// What is met is no error.
func TestDoubted(t *testing.T) {
	if err := doubted(&monitor.Confirmation{Verdict: monitor.Met}); err != nil {
		t.Error(err)
	}
}
