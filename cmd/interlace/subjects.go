package main

import (
	"fmt"
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// subjectsNamed finds what flags like --drain and --keep name: a subject such as
// server:imap3, rack:a4 or store:s001, or the bare name of one of them. Known
// are all subjects that the flag takes.
func subjectsNamed(flag string, names []string, known []planner.Subject) ([]planner.Subject, error) {
	var found []planner.Subject
	for _, name := range names {
		s, err := subjectNamed(flag, name, known)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func subjectNamed(flag, name string, known []planner.Subject) (planner.Subject, error) {
	var found []planner.Subject
	for _, s := range known {
		kind, bare := s.Split()
		if string(s) == name || bare == name && kind != "group" { // a share group bears the name of a user
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		err := fmt.Errorf("%s %s: there is no such thing in the fleet", flag, inventory.Quoted(name))
		return "", hint(err, "%s", nearest(name, withBareNames(known)))
	}
	return "", fmt.Errorf("%s %s may be %s: say which", flag, inventory.Quoted(name), orList(found))
}

func withBareNames(subjects []planner.Subject) []string {
	var names []string
	for _, s := range subjects {
		_, bare := s.Split()
		names = append(names, string(s), bare)
	}
	return names
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
