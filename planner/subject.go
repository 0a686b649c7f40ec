package planner

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Subject names what a rule, a promise or a question is about: "server:imap3",
// "store:s001", "user:anna", "group:anna", "rack:a4".
type Subject string

// Subjects of the nouns.
func ServerSubject(id inventory.ServerID) Subject { return "server:" + Subject(id) }
func StoreSubject(id inventory.StoreID) Subject   { return "store:" + Subject(id) }
func UserSubject(id inventory.UserID) Subject     { return "user:" + Subject(id) }
func GroupSubject(id inventory.GroupID) Subject   { return "group:" + Subject(id) }

// Split returns the kind and the name: "server" and "imap3". A subject without
// a colon has no kind.
func (s Subject) Split() (kind, name string) {
	kind, name, ok := strings.Cut(string(s), ":")
	if !ok {
		return "", string(s)
	}
	return kind, name
}

// Words returns the subject as people say it: server imap3.
func (s Subject) Words() string { return strings.Replace(string(s), ":", " ", 1) }

// Covers reports whether the subject is the server or a failure domain that it
// belongs to.
func (s Subject) Covers(server *inventory.Server) bool {
	level, _ := s.Split()
	return server.Domain(inventory.Level(level)).String() == string(s)
}

// Drains reports whether the server is to end empty: by its state, or because one
// of the subjects covers it.
func Drains(server *inventory.Server, subjects []Subject) bool {
	return server.State == inventory.Drain ||
		slices.ContainsFunc(subjects, func(s Subject) bool { return s.Covers(server) })
}
