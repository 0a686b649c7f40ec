package moves

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner/transit"
)

// chooser keeps the state of the fleet and says which bundles may be under way
// together.
type chooser struct {
	*problem
	limits *transit.Limits // raised where bundles had to be let pass
	strict *transit.Limits // not raised
	after  *transit.Ledger // with everything carried out that was chosen so far
	during *transit.Ledger // with what is under way counted at both ends

	policy     policy
	status     []status  // of each bundle
	pending    [][]int32 // by stage, then store: effects of bundles that later stages wait for; nil for one stage of one plan
	unfinished []int32   // by plan: the same for all stores
	busy       []float64 // seconds of chosen work at each place, shared by its units
	ailing     ailing    // what breaks a rule today
	kept       []keeping // by time: what sources still hold
}

type status uint8

const (
	waiting status = iota
	chosen
	done
)

// keeping is what a store holds of users who have left it.
type keeping struct {
	until  float64
	store  int32
	amount int64 // of disk
}

// newChooser returns the chooser at the state of the inventory. What its target
// makes worse than both the rules and today is returned beside it.
func newChooser(p *problem) (*chooser, transit.Breaches) {
	limits := transit.NewLimits()
	levels := transit.Survived(p.fleet)
	c := &chooser{
		problem: p, limits: limits,
		after:  transit.NewLedger(p.fleet, levels, limits, p.start, p.fleet.Active),
		status: make([]status, len(p.bundles)),
		busy:   make([]float64, len(p.units)),
	}
	today, worse := transit.Breaches{}, transit.Breaches{}
	c.after.ExcuseAll(today, transit.Whole)
	c.ailing = newAiling(p.fleet, today)
	transit.NewLedger(p.fleet, levels, limits, p.target, p.targetLoads()).ExcuseAll(worse, transit.Whole)
	c.strict = limits.Clone()
	if !p.opts.Continuous {
		levels = nil // a wave's state is looked at only when it has ended
	}
	c.during = transit.NewLedger(p.fleet, levels, limits, p.start, p.fleet.Active)
	if p.stages > 1 || len(p.plans) > 1 {
		c.countEffects()
	}
	return c, worse
}

// targetLoads returns the load of each store when all is done and all sources
// have been removed.
func (p *problem) targetLoads() []inventory.Amounts {
	loads := slices.Clone(p.fleet.Active)
	for i := range p.bundles {
		for _, e := range p.bundles[i].effects {
			for r := range e.load {
				loads[e.store][r] += int64(e.sign) * e.load[r]
			}
		}
	}
	return loads
}

func (c *chooser) countEffects() {
	c.pending, c.unfinished = make([][]int32, c.stages), make([]int32, len(c.plans))
	for i := range c.pending {
		c.pending[i] = make([]int32, len(c.start))
	}
	for i := range c.bundles {
		c.countPending(&c.bundles[i], 1)
	}
}

func (c *chooser) countPending(b *bundle, sign int32) {
	if c.pending == nil {
		return
	}
	for i := range b.effects {
		c.pending[b.stage][b.effects[i].store] += sign
		c.unfinished[b.plan] += sign
	}
}

// ready reports whether everything that earlier stages do to the bundle's stores
// has been chosen or, without waves, is done. If not it returns a store that is
// waited for, or below 0 if it is the turn of an earlier plan.
func (c *chooser) ready(b *bundle) (store int32, ok bool) {
	if c.pending == nil {
		return 0, true
	}
	for plan := range b.plan {
		if c.policy.inTurn && c.unfinished[plan] > 0 {
			return -1, false
		}
	}
	for stage := range b.stage {
		for i := range b.effects {
			if s := b.effects[i].store; c.pending[stage][s] > 0 {
				return s, false
			}
		}
	}
	return 0, true
}

// begin puts the bundle under way.
func (c *chooser) begin(b *bundle) {
	for i := range b.effects {
		e := &b.effects[i]
		h := c.during.Stores[e.store]
		switch {
		case e.sign < 0:
			continue
		case e.sign > 0:
			h.Load.Add(&e.load)
		case c.instant(b):
			h.Layouts = [][]int32{e.after}
		default:
			h.Layouts = append(slices.Clip(h.Layouts), e.under...)
		}
		c.during.Change(e.store, h)
	}
}

// cancel takes back begin. Of several bundles that change a store the last must go first.
func (c *chooser) cancel(b *bundle) {
	for i := range b.effects {
		e := &b.effects[i]
		h := c.during.Stores[e.store]
		switch {
		case e.sign < 0:
			continue
		case e.sign > 0:
			h.Load.Sub(&e.load)
		case c.instant(b):
			h.Layouts = [][]int32{e.before}
		default:
			h.Layouts = slices.Clip(h.Layouts[:len(h.Layouts)-len(e.under)])
		}
		c.during.Change(e.store, h)
	}
}

// instant reports whether the bundle has no time between its start and its end:
// it copies nothing, and no wave has to end.
func (c *chooser) instant(b *bundle) bool { return c.opts.Continuous && !b.copies }

// reach is the scope of what is under way: a wave's states are those before and
// after it, and on the way only room counts; without waves every state counts.
func (c *chooser) reach() transit.Scope {
	if c.opts.Continuous {
		return transit.Whole
	}
	return transit.Space
}

// settle ends the bundle at the given time: what it left behind stays for a while.
func (c *chooser) settle(b *bundle, at float64) {
	for i := range b.effects {
		e := &b.effects[i]
		h := c.during.Stores[e.store]
		switch e.sign {
		case 0:
			h.Layouts = [][]int32{e.after}
		case -1:
			leave(&h.Load, e, c.keeps())
			if c.keeps() >= 0 && e.load[c.keeps()] > 0 {
				c.kept = append(c.kept, keeping{at + c.opts.keepSeconds(), e.store, e.load[c.keeps()]})
			}
		default:
			continue
		}
		c.during.Change(e.store, h)
	}
}

// keeps returns the resource that sources hold for a while, or -1.
func (p *problem) keeps() int {
	if p.opts.keepSeconds() == 0 {
		return -1
	}
	return p.disk
}

// leave takes the effect's load away, but for the resource that is kept.
func leave(load *inventory.Amounts, e *effect, kept int) {
	for r := range load {
		if r != kept {
			load[r] -= e.load[r]
		}
	}
}

// finish carries the bundle out, or with sign -1 takes that back.
func (c *chooser) finish(b *bundle, sign int) {
	for i := range b.effects {
		e := &b.effects[i]
		h := c.after.Stores[e.store]
		amounts, sites := e.load, e.after
		if sign < 0 {
			sites = e.before
		}
		if e.sign < 0 && c.keeps() >= 0 {
			amounts[c.keeps()] = 0
		}
		for r := range amounts {
			h.Load[r] += int64(sign) * int64(e.sign) * amounts[r]
		}
		if e.sign == 0 {
			h.Layouts = [][]int32{sites}
		}
		c.after.Change(e.store, h)
	}
}

// fits reports whether the ledger keeps the limits wherever the bundle brings something.
func (b *bundle) fits(l *transit.Ledger, sc transit.Scope) (transit.Breach, bool) {
	for i := range b.effects {
		if b.effects[i].sign < 0 {
			continue
		}
		if br, bad := l.At(b.effects[i].store, sc); bad {
			return br, false
		}
	}
	return transit.Breach{}, true
}

// release takes away what sources have held until the given time.
func (c *chooser) release(at float64) (released []keeping) {
	for len(c.kept) > 0 && c.kept[0].until <= at {
		released = append(released, c.kept[0])
		c.hold(c.kept[0], -1)
		c.kept = c.kept[1:]
	}
	return released
}

func (c *chooser) hold(k keeping, sign int64) {
	for _, l := range []*transit.Ledger{c.after, c.during} {
		h := l.Stores[k.store]
		h.Load[c.disk] += sign * k.amount
		l.Change(k.store, h)
	}
}
