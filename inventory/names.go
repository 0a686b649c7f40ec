package inventory

import (
	"regexp"
	"unicode"
	"unicode/utf8"
)

// ServerID names a server; StoreID a store; Level a kind of failure domain;
// DomainID one failure domain of a level; ResourceID a resource. All of them
// have the form that [ValidName] checks.
type (
	ServerID   string
	StoreID    string
	Level      string
	DomainID   string
	ResourceID string
)

// UserID names a user or a shared tree, as the mail system writes it; any
// valid UTF-8 without control characters, compared byte by byte.
type UserID string

// GroupID names a share group: the smallest of its members' names.
type GroupID = UserID

// LevelServer is the lowest level: every server is a failure domain of its own.
const LevelServer Level = "server"

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// ValidName reports whether s may name a server, store, level, domain or resource.
func ValidName(s string) bool { return namePattern.MatchString(s) }

// ValidUserName reports whether s may name a user, a folder or a group:
// not empty, valid UTF-8 and free of control characters.
func ValidUserName(s string) bool {
	if s == "" || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
