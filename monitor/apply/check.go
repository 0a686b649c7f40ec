package apply

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// agree are the settings in which both ends of a move must agree.
var agree = []string{"unixhierarchysep", "virtdomains", "defaultdomain", "altnamespace", "conversations", "delete_mode", "expunge_mode"}

// check says all that speaks against the move.
func (m *move) check(ctx context.Context) error {
	wrong := m.checkNames()
	if quota, err := strconv.Atoi(m.target.hosts[0].settings["autocreate_quota"]); err != nil || quota >= 0 {
		wrong = errors.Join(wrong, fmt.Errorf("%s makes mailboxes by itself: autocreate_quota in %s is %s and has to be -1",
			m.target.hosts[0].server, m.target.hosts[0].conf, inventory.Quoted(m.target.hosts[0].settings["autocreate_quota"])))
	}
	for _, s := range m.sources {
		wrong = errors.Join(wrong, m.checkSettings(s), m.checkSource(ctx, s), m.checkTarget(ctx, s))
	}
	return wrong
}

// checkNames refuses names that no program can be given.
func (m *move) checkNames() error {
	var wrong error
	for _, u := range m.users() {
		if strings.ContainsFunc(string(u), unicode.IsControl) {
			wrong = errors.Join(wrong, fmt.Errorf("user %s has control characters in the name", inventory.Printable(string(u))))
		}
	}
	return wrong
}

func (m *move) checkSettings(s *source) error {
	var wrong error
	to := m.target.hosts[0]
	for _, from := range s.hosts[:1] {
		for _, key := range agree {
			if a, b := from.settings[key], to.settings[key]; a != b {
				wrong = errors.Join(wrong, fmt.Errorf("%s is %s in %s on %s, and %s in %s on %s", key, inventory.Quoted(a), from.conf, from.server, inventory.Quoted(b), to.conf, to.server))
			}
		}
		for key := range from.settings {
			if strings.HasPrefix(key, "partition-") && to.settings[key] == "" {
				wrong = errors.Join(wrong, fmt.Errorf("%s on %s has no %s", to.conf, to.server, key))
			}
		}
	}
	return wrong
}

// checkSource looks whether the users are where the plan takes them to be, and free.
func (m *move) checkSource(ctx context.Context, s *source) error {
	denied, err := s.hosts[0].denied(ctx)
	if err != nil {
		return err
	}
	var wrong error
	for _, u := range s.users {
		if denied[u] {
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s already (cyr_deny -l shows it)", inventory.Printable(string(u)), s.hosts[0].server))
		}
	}
	has, err := m.owners(ctx, s.master())
	if err != nil {
		return errors.Join(wrong, err)
	}
	for _, u := range s.users {
		if !has[cyrus.Owner{Name: string(u)}] {
			wrong = errors.Join(wrong, fmt.Errorf("user %s is not on %s", inventory.Printable(string(u)), s.hosts[0].server))
		}
	}
	_, crowds, err := m.writersOf(ctx, s)
	if len(crowds) > 0 {
		err = errors.Join(err, fmt.Errorf("%s may write to folders of %s and can't be kept out meanwhile", strings.Join(crowds, " and "), inventory.Printable(string(s.users[0]))))
	}
	return errors.Join(wrong, err)
}

// checkTarget looks whether the users are on none of the target's instances.
func (m *move) checkTarget(ctx context.Context, s *source) error {
	var wrong error
	for _, in := range m.target.store.Instances {
		has, err := m.owners(ctx, in)
		if err != nil {
			return errors.Join(wrong, err)
		}
		for _, u := range s.users {
			if has[cyrus.Owner{Name: string(u)}] && !m.unit.Returns {
				wrong = errors.Join(wrong, fmt.Errorf("user %s is on %s already", inventory.Printable(string(u)), in.Server))
			}
		}
	}
	return wrong
}

// owners returns who has mailboxes on an instance.
func (m *move) owners(ctx context.Context, in inventory.Instance) (map[cyrus.Owner]bool, error) {
	c, err := m.Dial(ctx, in, "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	has := map[cyrus.Owner]bool{}
	for _, n := range names {
		if owner, _, kept := n.Owner(); kept {
			has[owner] = true
		}
	}
	return has, nil
}
