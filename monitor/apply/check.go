package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// check says all that speaks against the move, and what should be known before it. It
// changes nothing but, for a moment, a file of the unit with the account of sync.
func (m *move) check(ctx context.Context) (text, data string, err error) {
	if err := m.known(ctx); err != nil {
		return "", "", err
	}
	wrong := errors.Join(m.checkNames(), m.checkStores(), m.checkAutocreate())
	if m.Live.Roles != nil {
		wrong = errors.Join(wrong, m.roles(ctx))
	}
	var warnings []string
	if m.Live.Roles == nil {
		warnings = append(warnings, "whether the masters are where the inventory has them was not checked")
	}
	begun := course.Beginning{Masters: m.masters(), Instances: m.instances(), Keep: m.Keep}
	routed, err := m.checkRoutes(ctx)
	if err == nil {
		begun.Routes, err = m.routeNames(ctx)
		err = errors.Join(err, m.checkAway(ctx))
	}
	warnings, wrong = append(warnings, routed...), errors.Join(wrong, err)
	there, err := m.owners(ctx, m.target.master())
	wrong = errors.Join(wrong, err, m.checkTarget(ctx))
	var needs []need
	for _, s := range m.sources {
		wrong = errors.Join(wrong, m.checkSource(ctx, s), m.checkAccount(ctx, s))
		c, err := m.dialAdmin(ctx, s.master())
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		has, err := prove.Hold(ctx, c, s.owners)
		if err == nil {
			wrong = errors.Join(wrong, m.checkSettings(s, has), m.checkAccess(s, has))
			warnings = slices.Concat(warnings, m.stayers(s, has), m.unknowns(has, there), m.looseScripts(ctx, s, has))
			var more []need
			more, err = m.needs(ctx, c, s, has)
			needs = append(needs, more...)
		}
		wrong = errors.Join(wrong, err, c.Close())
	}
	wrong = errors.Join(wrong, m.checkRoom(ctx, needs))
	if wrong == nil {
		wrong = m.checkOthers(ctx)
	}
	data, err = keep(begun)
	return strings.Join(warnings, "; "), data, errors.Join(wrong, err)
}

// checkNames refuses names that no program can be given.
func (m *move) checkNames() error {
	var wrong error
	for _, c := range m.unit.Moves {
		name := string(c.User)
		switch {
		case strings.ContainsFunc(name, unicode.IsControl):
			wrong = errors.Join(wrong, fmt.Errorf("user %s has control characters in the name", inventory.Printable(name)))
		case strings.HasPrefix(name, "-"):
			wrong = errors.Join(wrong, fmt.Errorf("user %s has a name that programs take for an option, and is not moved", inventory.Printable(name)))
		case inventory.Paste(name) == "":
			wrong = errors.Join(wrong, fmt.Errorf("user %s has a name that can't be quoted for a shell", inventory.Printable(name)))
		}
	}
	return wrong
}

// checkStores refuses stores that have one copy only: who works on such a one takes it for
// granted that nothing breaks.
func (m *move) checkStores() error {
	var wrong error
	for _, p := range m.places() {
		if len(p.store.Instances) < 2 {
			wrong = errors.Join(wrong, fmt.Errorf("store %s has a single copy", p.store.Name))
		}
		for _, in := range p.store.Instances {
			if i := m.Inventory.Server(in.Server); i >= 0 && m.Inventory.Servers[i].State == inventory.Down {
				wrong = errors.Join(wrong, fmt.Errorf("server %s, which has a copy of store %s, is down", in.Server, p.store.Name))
			}
		}
		for _, h := range p.hosts {
			if murder := h.Settings["mupdate_server"]; murder != "" {
				wrong = errors.Join(wrong, fmt.Errorf("%s on %s belongs to a murder (mupdate_server: %s), which has its own way to move users", h.Conf, h.Server, inventory.Quoted(murder)))
			}
		}
	}
	return wrong
}

// checkAutocreate refuses instances that would make a mailbox by themselves, in whose way
// the real one would be.
func (m *move) checkAutocreate() error {
	var wrong error
	for _, h := range m.target.hosts {
		if quota := h.Settings["autocreate_quota"]; quota != "-1" {
			wrong = errors.Join(wrong, fmt.Errorf("%s makes mailboxes by itself: autocreate_quota in %s is %s and has to be -1", h.Server, h.Conf, inventory.Quoted(quota)))
		}
		if post := h.Settings["autocreate_post"]; isOn(post) {
			wrong = errors.Join(wrong, fmt.Errorf("%s makes mailboxes for mail by itself: autocreate_post in %s is %s and has to be no", h.Server, h.Conf, inventory.Quoted(post)))
		}
	}
	return wrong
}

// isOn reads a switch of imapd.conf.
func isOn(value string) bool {
	return slices.Contains([]string{"1", "yes", "on", "t", "true"}, strings.ToLower(value))
}

// agree are the settings in which both ends of a move must agree.
var agree = []string{"unixhierarchysep", "virtdomains", "defaultdomain", "altnamespace", "conversations", "delete_mode", "expunge_mode"}

// checkSettings looks at what has to be the same at both ends, and for the partitions of
// what moves on all instances of the target.
func (m *move) checkSettings(s *source, has *prove.Holding) error {
	var wrong error
	from := s.hosts[0]
	for _, to := range m.target.hosts {
		for _, key := range agree {
			if a, b := from.Settings[key], to.Settings[key]; a != b {
				wrong = errors.Join(wrong, fmt.Errorf("%s is %s in %s on %s, and %s in %s on %s", key, inventory.Quoted(a), from.Conf, from.Server, inventory.Quoted(b), to.Conf, to.Server))
			}
		}
		for _, partition := range has.Partitions() {
			if to.Settings["partition-"+partition] == "" {
				wrong = errors.Join(wrong, fmt.Errorf("%s on %s has no partition-%s", to.Conf, to.Server, partition))
			}
		}
	}
	return wrong
}

// checkSource looks whether the users are where the plan takes them to be, and free.
func (m *move) checkSource(ctx context.Context, s *source) error {
	wrong := undenied(ctx, &s.place, s.users, (*host.Host).Another)
	has, err := m.owners(ctx, s.master())
	if err != nil {
		return errors.Join(wrong, err)
	}
	for _, owner := range sorted(s.owners) {
		if has[owner] == 0 {
			wrong = errors.Join(wrong, errors.New(course.Missing(called(owner), s.hosts[0].Server)))
		}
	}
	return wrong
}

// leftThere returns how many mailboxes everybody has on an instance of the target. Where an
// earlier attempt has copied there, what it had removed from the master may take a while to be
// gone from a replica, which is waited for.
func (m *move) leftThere(ctx context.Context, in inventory.Instance) (map[cyrus.Owner]int, error) {
	records, err := m.Journal.Steps(ctx, m.unit.Plan, m.unit.Name)
	if err != nil {
		return nil, err
	}
	_, again := course.Last(records, monitor.StepCopy, monitor.StepUndone)
	again = again && in.Server != m.target.master().Server
	for begin := time.Now(); ; {
		has, err := m.owners(ctx, in)
		there := slices.ContainsFunc(sorted(m.all()), func(owner cyrus.Owner) bool { return has[owner] > 0 })
		if err != nil || !again || !there || time.Since(begin) >= removing {
			return has, err
		}
		if err := host.Pause(ctx, time.Second/4); err != nil {
			return nil, err
		}
	}
}

// removing is how long is waited until a replica has removed what its master has.
const removing = 30 * time.Second

// undenied fails where users are denied on an instance, of whatever, but for those of whom
// that may be.
func undenied(ctx context.Context, p *place, users []inventory.UserID, may func(*host.Host, *host.Denial) bool) error {
	var wrong error
	for _, h := range p.hosts {
		there, err := h.Denials(ctx)
		wrong = errors.Join(wrong, err)
		for _, u := range users {
			switch d, out := there[u]; {
			case !out || may(h, &d):
			case host.Unnamed(d.Message):
				wrong = errors.Join(wrong, h.UnnamedDenial(u))
			case h.Another(&d):
				wrong = errors.Join(wrong, deniedFor(ctx, h, u, &d))
			default:
				wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s already (cyr_deny -l shows it)", inventory.Printable(string(u)), h.Server))
			}
		}
	}
	return wrong
}

// deniedFor says for which unit a user is denied on an instance, as far as its claim tells, and
// what becomes of that.
func deniedFor(ctx context.Context, h *host.Host, u inventory.UserID, d *host.Denial) error {
	who := fmt.Sprintf("user %s is denied on %s", inventory.Printable(string(u)), h.Server)
	all, _, _ := host.Claims(ctx, []*host.Host{h})
	at := slices.IndexFunc(all, func(c host.Claim) bool { return !c.Empty() && h.MadeBy(d, []string{host.FileName(c.Plan, c.Unit)}) })
	if at < 0 {
		return fmt.Errorf("%s already, for a unit of interlace of which no claim is left there (cyr_deny -l shows it)", who)
	}
	c := &all[at]
	unit := fmt.Sprintf("%s of plan %s", inventory.Printable(c.Unit), inventory.Printable(c.Plan))
	if c.Reached == monitor.StepAllowWriters || c.Reached == monitor.StepDeleteSource {
		return fmt.Errorf("%s by interlace itself, which keeps there what %s has moved away: interlace apply --resume --yes deletes it when keep_source is over", who, unit)
	}
	return fmt.Errorf("%s by interlace itself, for %s, which is not done: interlace apply --resume --yes goes on with that, and --rollback --yes takes it back, with all else that is begun", who, unit)
}

// checkOthers puts the unit off while another one keeps users out.
func (m *move) checkOthers(ctx context.Context) error {
	var wrong error
	for _, s := range m.sources {
		for _, h := range s.hosts {
			there, err := h.Denials(ctx)
			wrong = errors.Join(wrong, err)
			for _, u := range s.users {
				if d, out := there[u]; out && h.Another(&d) {
					wrong = errors.Join(wrong, h.KeptByAnother(u))
				}
			}
		}
	}
	return wrong
}

// owners returns how many mailboxes everybody has on an instance.
func (m *move) owners(ctx context.Context, in inventory.Instance) (map[cyrus.Owner]int, error) {
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Owners(ctx)
}

// called names a user or a shared tree.
func called(owner cyrus.Owner) string { return course.Called(owner.Name, owner.Shared) }

func sorted(owners map[cyrus.Owner]bool) []cyrus.Owner {
	var list []cyrus.Owner
	for owner := range owners {
		list = append(list, owner)
	}
	slices.SortFunc(list, func(a, b cyrus.Owner) int { return strings.Compare(called(a), called(b)) })
	return list
}
