package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// subjectsNamed finds what flags like --drain and --keep name: a subject such as
// server:imap3, rack:a4 or store:s001, or the bare name of one of them. Known
// are all subjects that the flag takes, all those of the fleet.
func subjectsNamed(flag string, names []string, known []planner.Subject, all func() []planner.Subject) ([]planner.Subject, error) {
	var found []planner.Subject
	for _, name := range names {
		s, err := subjectNamed(flag, name, known, all)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func subjectNamed(flag, name string, known []planner.Subject, all func() []planner.Subject) (planner.Subject, error) {
	found := matching(name, known)
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%s %s may be %s: say which", flag, inventory.Quoted(name), orList(found))
	}
	if others := matching(name, all()); len(others) > 0 {
		return "", fmt.Errorf("%s takes no %s, as %s is; it takes subjects such as %s", flag, kindOf(others[0]), others[0], orList(oneOfEach(known)))
	}
	err := fmt.Errorf("%s %s: there is no such thing in the fleet", flag, inventory.Quoted(name))
	if meant := nearestSubject(name, known); meant != "" {
		return "", hint(err, "%s", meant)
	}
	if len(known) == 0 {
		return "", err
	}
	return "", hint(err, "%s takes subjects such as %s", flag, orList(oneOfEach(known)))
}

// matching returns the subjects that a name may stand for. A share group bears
// the name of a user, so a bare name stands for the user.
func matching(name string, subjects []planner.Subject) []planner.Subject {
	var found []planner.Subject
	for _, s := range subjects {
		kind, bare := s.Split()
		if string(s) == name || bare == name && kind != "group" {
			found = append(found, s)
		}
	}
	return found
}

func kindOf(s planner.Subject) string {
	kind, _ := s.Split()
	return kind
}

// nearestSubject hints at the subject that was meant, comparing the names of
// those of the kind that is given, or of all where none is.
func nearestSubject(name string, known []planner.Subject) string {
	kind, bare := planner.Subject(name).Split()
	var kinds, names []string
	for _, s := range known {
		k, n := s.Split()
		kinds = append(kinds, k)
		if k == kind || kind == "" {
			names = append(names, n)
		}
	}
	if meant := inventory.Nearest(bare, names); meant != "" {
		prefix := strings.TrimSuffix(name, bare)
		return fmt.Sprintf("%s looks like %s", inventory.Printable(name), inventory.Printable(prefix+meant))
	}
	if !slices.Contains(kinds, kind) && kind != "" {
		return nearest(kind, slices.Compact(kinds))
	}
	return ""
}

// oneOfEach returns the first subject of each kind.
func oneOfEach(subjects []planner.Subject) []planner.Subject {
	var first []planner.Subject
	seen := map[string]bool{}
	for _, s := range subjects {
		if kind := kindOf(s); !seen[kind] {
			seen[kind] = true
			first = append(first, s)
		}
	}
	return first
}

func orList(subjects []planner.Subject) string {
	text := string(subjects[0])
	for _, s := range subjects[1:] {
		text += " or " + string(s)
	}
	return text
}

// domainSubjects are the servers and the failure domains of the other levels.
func domainSubjects(inv *inventory.Inventory) []planner.Subject {
	var list []planner.Subject
	for _, name := range domainNames(load.New(inv)) {
		list = append(list, planner.Subject(name))
	}
	return list
}

func serverSubjects(inv *inventory.Inventory) []planner.Subject {
	return namesOf(inv.Servers, func(s *inventory.Server) planner.Subject { return planner.ServerSubject(s.Name) })
}

func storeSubjects(inv *inventory.Inventory) []planner.Subject {
	return namesOf(inv.Stores, func(s *inventory.Store) planner.Subject { return planner.StoreSubject(s.Name) })
}

func userSubjects(inv *inventory.Inventory) []planner.Subject {
	return namesOf(inv.Users, func(u *inventory.User) planner.Subject { return planner.UserSubject(u.Name) })
}

// allSubjects are all subjects of the fleet that a person may name.
func (f *facts) allSubjects() []planner.Subject {
	return slices.Concat(domainSubjects(f.Inventory), storeSubjects(f.Inventory), userSubjects(f.Inventory))
}
