package users

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/bounds"
)

// missed lists the stores that end above the wished peak though below their
// ceilings. With a budget a higher peak is no failure.
func (s *seeker) missed(t *tally) []planner.Violation {
	if s.opts.Peak == 0 || s.opts.budgeted() {
		return nil
	}
	var missed []planner.Violation
	for store := range t.load {
		for r, res := range s.Fleet.Inventory.Resources {
			if s.Capacity[store][r] == 0 {
				continue
			}
			u := float64(t.load[store][r]) / s.Capacity[store][r]
			if limit := s.opts.allowed(res); u > limit && u <= res.Ceiling {
				name := s.Fleet.Inventory.Stores[store].Name
				missed = append(missed, planner.Violation{
					Rule: planner.StoreCapacity, Subject: planner.StoreSubject(name), Store: planner.Text(name),
					Resource: planner.Text(res.Name), Failed: []string{}, Value: planner.Known(u), Limit: planner.Known(limit),
				})
			}
		}
	}
	return missed
}

// warnings says what the reader should know beside what is broken.
func (s *seeker) warnings(plan *planner.Assignment, a *attempt) []planner.Warning {
	t := a.tally
	return slices.Concat(s.wish(plan), s.passed(plan), s.unknown(plan), s.heldApart(), s.leftTorn(t), s.offline(t), s.withoutPlace(t), late(a.queue), s.large(t), s.estimated(plan))
}

// wished reports whether the wished peak keeps stores from receiving what their
// ceilings allow.
func (p *problem) wished() bool {
	return slices.ContainsFunc(p.Fleet.Inventory.Resources, func(r inventory.Resource) bool { return p.opts.allowed(r) < r.Ceiling })
}

// wish says that rules may stay broken only because of the wished peak.
func (s *seeker) wish(plan *planner.Assignment) []planner.Warning {
	inv := s.Fleet.Inventory
	broken := func(v planner.Violation) bool {
		return v.Rule != planner.StoreCapacity || v.Limit.Value >= inv.Resources[inv.Resource(inventory.ResourceID(v.Resource))].Ceiling
	}
	if !s.wished() || !slices.ContainsFunc(plan.Violations, broken) {
		return nil
	}
	return []planner.Warning{{Text: "stores receive nothing above the wished peak; with a higher one, or without, users may repair more of what stays broken"}}
}

// passed points to layout plans where failure ceilings are passed, or are kept
// because users move.
func (s *seeker) passed(plan *planner.Assignment) []planner.Warning {
	left := 0
	for _, v := range plan.Violations {
		if v.Rule == planner.FailureCeiling {
			left++
		}
	}
	var warnings []planner.Warning
	warn := func(text string) {
		warnings = append(warnings, planner.Warning{Text: text, Rule: planner.Text(planner.FailureCeiling)})
	}
	const promotions = " by promotions, which copy nothing: if so, carry it out first"
	if _, today := s.today.aboveFailureCeilings(); left < today {
		warn("users move for " + inventory.Counted(today-left,
			"failure ceiling that is passed today; a layout plan may repair it",
			"failure ceilings that are passed today; a layout plan may repair them") + promotions)
	}
	if left > 0 {
		warn(inventory.Counted(left,
			"failure ceiling stays passed, no further than today; a layout plan may repair it",
			"failure ceilings stay passed, none further than today; a layout plan may repair them"))
	}
	return warnings
}

// unknown counts the users who move between stores of which it is not known
// whether they agree.
func (s *seeker) unknown(plan *planner.Assignment) []planner.Warning {
	inv := s.Fleet.Inventory
	n := 0
	for _, c := range plan.Changes {
		if !s.between(int32(inv.Store(c.From)), int32(inv.Store(c.To))).known {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []planner.Warning{{
		Text: inventory.Counted(n, "user moves", "users move") + " between stores whose versions or settings are not known, so it is not known whether they agree",
		Rule: planner.Text(planner.Alike),
	}}
}

// about returns a warning about the share group of the piece.
func (p *problem) about(piece *bounds.Piece, format string, args ...any) planner.Warning {
	id := p.Fleet.Inventory.GroupID(p.groups, int(piece.Group))
	return planner.Warning{
		Text:    fmt.Sprintf("share group %s "+format, append([]any{id}, args...)...),
		Subject: planner.Text(planner.GroupSubject(id)),
	}
}

// heldApart names the torn groups that should come together and cannot because
// members must stay.
func (s *seeker) heldApart() []planner.Warning {
	var warnings []planner.Warning
	for k := range s.gathered {
		if g := &s.gathered[k]; g.Fixed && s.Pieces[s.Torn[k][0]].Fixed && !s.leaves(s.Torn[k]) {
			warnings = append(warnings, s.about(g, "cannot come together: members who must stay live on several stores, or on one to which nobody may move"))
		}
	}
	return warnings
}

// leftTorn counts the stores that stay above the target while members of torn
// groups stay there who might leave if the plan were not a light one.
func (s *seeker) leftTorn(t *tally) []planner.Warning {
	stores := map[int32]bool{}
	for _, torn := range s.Torn {
		for _, i := range torn {
			if p := &s.Pieces[i]; s.leaves(torn) && !p.Fixed && s.above(t, p.Store) {
				stores[p.Store] = true
			}
		}
	}
	if len(stores) == 0 {
		return nil
	}
	return []planner.Warning{{
		Text: fmt.Sprintf("stores that stay too full hold members of torn share groups, whom a light plan leaves where they are: %d", len(stores)),
		Rule: planner.Text(planner.GroupWhole),
	}}
}

// offline names the stores that users should leave and cannot, since no instance
// is up from which they could be copied.
func (s *seeker) offline(t *tally) []planner.Warning {
	var warnings []planner.Warning
	for store, offline := range s.Offline {
		if from, to := s.On(store); !offline || !s.shouldLeave(t, s.Pieces[from:to]) {
			continue
		}
		name := s.Fleet.Inventory.Stores[store].Name
		warnings = append(warnings, planner.Warning{
			Text:    fmt.Sprintf("no user can leave store %s: none of its instances is on a server that is up", name),
			Subject: planner.Text(planner.StoreSubject(name)),
		})
	}
	return warnings
}

// shouldLeave reports whether a rule or the target asks for some of the pieces,
// which lie on one store, to leave it.
func (s *seeker) shouldLeave(t *tally, pieces []bounds.Piece) bool {
	return slices.ContainsFunc(pieces, func(p bounds.Piece) bool {
		return p.Torn && !s.opts.Light || s.Drains[p.Store] || s.above(t, p.Store)
	})
}

// withoutPlace says how many groups that are torn or lie on drained stores found
// no place, and which is the largest.
func (s *seeker) withoutPlace(t *tally) []planner.Warning {
	n, largest, size := 0, int32(nowhere), 0.0
	for k, stuck := range t.stuck {
		i := int32(k)
		if !stuck || t.moved(i) || t.parts(i) == nil && !s.Drains[t.piece(i).Store] {
			continue
		}
		n++
		if need := t.need(i); largest == nowhere || need > size {
			largest, size = i, need
		}
	}
	if n == 0 {
		return nil
	}
	if n == 1 {
		return []planner.Warning{s.about(t.piece(largest), "should move and found no store with room")}
	}
	return []planner.Warning{s.about(t.piece(largest), "found no store with room, the largest of %s that should move and do not", inventory.CountText(n))}
}

// late says how many groups must wait until others have left.
func late(q queue) []planner.Warning {
	n := len(q.late)
	if n == 0 {
		return nil
	}
	return []planner.Warning{{
		Text: inventory.Counted(n, "of the share groups that move has", "of the share groups that move have") + " room only when others have left and are removed from their sources",
	}}
}

// estimated warns where an estimated load decides the plan.
func (s *seeker) estimated(plan *planner.Assignment) []planner.Warning {
	inv := s.Fleet.Inventory
	var decisive []string
	for _, name := range []planner.Text{plan.Before.Resource, plan.Promises.Resource} {
		r := inv.Resource(inventory.ResourceID(name))
		guessed := r >= 0 && slices.ContainsFunc(inv.Users, func(u inventory.User) bool { return u.Estimated&(1<<r) != 0 })
		if guessed && !slices.Contains(decisive, string(name)) {
			decisive = append(decisive, string(name))
		}
	}
	if decisive == nil {
		return nil
	}
	return []planner.Warning{{Text: strings.Join(decisive, " and ") + " decides this plan and is estimated, not measured, for some users"}}
}
