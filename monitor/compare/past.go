package compare

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Past is what is known from comparisons before.
type Past struct {
	states   map[copyOwner][]monitor.CopyState
	suspects map[copyOwner]bool
	named    map[storeOwner]bool
	damaged  map[monitor.Copy]map[Spot]bool
	open     map[copyOwner][]monitor.KeptDifference
}

type copyOwner struct {
	monitor.Copy
	cyrus.Owner
}

type storeOwner struct {
	store inventory.StoreID
	cyrus.Owner
}

// NewPast sorts what is known: of users and shared trees, of open differences, and of
// what is wrong with a store, whose mailboxes may be named there.
func NewPast(states []monitor.CopyState, open []monitor.KeptDifference, alerts []monitor.Alert) *Past {
	p := &Past{states: map[copyOwner][]monitor.CopyState{}, suspects: map[copyOwner]bool{}, named: map[storeOwner]bool{}, damaged: map[monitor.Copy]map[Spot]bool{}, open: map[copyOwner][]monitor.KeptDifference{}}
	for _, s := range states {
		key := copyOwner{s.Copy, cyrus.Owner{Name: s.Owner, Shared: s.Shared}}
		p.states[key] = append(p.states[key], s)
	}
	for i := range open {
		if d := &open[i]; d.Gone.IsZero() {
			if d.Kind == monitor.SpoolDamaged {
				if p.damaged[d.Copy] == nil {
					p.damaged[d.Copy] = map[Spot]bool{}
				}
				p.damaged[d.Copy][Spot{d.Server, d.Mailbox}] = true
			}
			key := copyOwner{d.Copy, cyrus.Owner{Name: d.Owner, Shared: d.Shared}}
			p.suspects[key], p.open[key] = true, append(p.open[key], *d)
		}
	}
	for i := range alerts {
		f := &alerts[i].Finding
		if alerts[i].Stage == monitor.Resolved || f.Probe == monitor.ProbeCompare {
			continue
		}
		for _, owner := range ownersIn(string(f.Subject) + " " + f.Text) {
			p.named[storeOwner{inventory.StoreID(f.Store), owner}] = true
		}
	}
	return p
}

// mailboxes are the names of users' mailboxes in a text, as Cyrus logs them or shows
// them to administrators.
var mailboxes = regexp.MustCompile(`(?:[\w.-]+!)?\buser[./][^\s"'(),;:<>\x60]+`)

// ownersIn returns the users whose mailboxes a text names.
func ownersIn(text string) []cyrus.Owner {
	var owners []cyrus.Owner
	for _, name := range mailboxes.FindAllString(text, -1) {
		for _, inner := range cyrus.ExternalName(name).Readings() {
			if owner, _, kept := inner.Owner(); kept {
				owners = append(owners, owner)
			}
		}
	}
	return owners
}

// Turns returns the turns of owners at a level. Who is not known to wait for that level
// waits from now on.
func (p *Past) Turns(c monitor.Copy, level monitor.CompareLevel, owners []cyrus.Owner, now time.Time) []Turn {
	turns := make([]Turn, 0, len(owners))
	for _, owner := range owners {
		key := copyOwner{c, owner}
		last := now
		for _, s := range p.states[key] {
			if s.Level == level && s.Known.Before(last) {
				last = s.Known
			}
		}
		compared := lastOf(p.states[key], level)
		if !compared.At.IsZero() {
			last = compared.At
		}
		turns = append(turns, Turn{Owner: owner, Last: last, Compared: !compared.At.IsZero(), Suspect: p.suspects[key] || p.named[storeOwner{c.Store, owner}]})
	}
	return turns
}

// Damaged returns the mailboxes of a copy, and of its master, in which files are known to
// be damaged.
func (p *Past) Damaged(c monitor.Copy) map[Spot]bool { return p.damaged[c] }

// DoneIn returns the owners that a run has compared already.
func (p *Past) DoneIn(run int64, c monitor.Copy) map[cyrus.Owner]bool {
	done := map[cyrus.Owner]bool{}
	for key, states := range p.states {
		for _, s := range states {
			if key.Copy == c && s.Run == run {
				done[key.Owner] = true
			}
		}
	}
	return done
}

// FoundIn returns what a run has found so far of the owners that it has compared: what it
// says of each, and the differences that it has found and that are open.
func (p *Past) FoundIn(run *monitor.ComparisonRun, c monitor.Copy) (found []monitor.CopyState, open []monitor.KeptDifference) {
	for owner := range p.DoneIn(run.Number, c) {
		key := copyOwner{c, owner}
		for _, s := range p.states[key] {
			if s.Run == run.Number {
				found = append(found, s)
			}
		}
		for _, d := range p.open[key] {
			if !d.Last.Before(run.Began) {
				open = append(open, d)
			}
		}
	}
	slices.SortFunc(open, func(a, b monitor.KeptDifference) int { return cmp.Compare(a.Number, b.Number) })
	return found, open
}

// Owners returns those of whom something is known, by copy.
func (p *Past) Owners() map[monitor.Copy][]cyrus.Owner {
	owners := map[monitor.Copy][]cyrus.Owner{}
	for key := range p.states {
		owners[key.Copy] = append(owners[key.Copy], key.Owner)
	}
	return owners
}
