package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// sayContradictions warns where an inventory is not as the journal has it, which what names:
// that of stores and, with users, who is where. Somebody may have changed it by hand.
func (a *app) sayContradictions(ctx context.Context, what string, inv *inventory.Inventory, users bool) {
	texts, err := a.contradictions(ctx, inv, users)
	if err != nil {
		a.note("warning: whether %s is as the journal has it is not known: %v", what, err)
		return
	}
	for _, text := range texts[:min(shownWarnings, len(texts))] {
		a.note("warning: %s %s", what, text)
	}
	if more := len(texts) - shownWarnings; more > 0 {
		a.note("warning: %s more", inventory.CountText(more))
	}
	if len(texts) > 0 {
		a.note("hint: unless somebody has changed that by hand since, change the fleet file as interlace apply has said then, and interlace apply --resume says again, and import it")
	}
}

// contradictions say in what an inventory is not as the journal has it.
func (a *app) contradictions(ctx context.Context, inv *inventory.Inventory, users bool) ([]string, error) {
	h, err := a.openJournal(ctx, false)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	units, lasting, err := lastingOf(ctx, h)
	if err != nil {
		return nil, err
	}
	texts := otherLayouts(inv, lasting)
	if !users {
		return texts, nil
	}
	found, err := course.Find(ctx, units, h)
	return append(texts, otherStores(inv, found)...), err
}

// madeBy says which plan has made a change of a layout, and when.
func madeBy(l *course.Lasting) string {
	did := "made it"
	switch l.Do.Do {
	case planner.Promote:
		did = "made " + string(l.Do.Server) + " the master"
	case planner.Drop:
		did = "removed it"
	}
	return fmt.Sprintf("by the journal plan %s has %s on %s", l.Plan, did, monitor.Minute(l.At))
}

// otherLayouts says which stores have other instances, or another master, than the last
// changes of them in the journal have left.
func otherLayouts(inv *inventory.Inventory, lasting []course.Lasting) (texts []string) {
	for i := range lasting {
		l := &lasting[i]
		if text := contradicted(inv, l); text != "" {
			texts = append(texts, text+"; "+madeBy(l))
		}
	}
	return texts
}

// contradicted says in what a store of an inventory is not as a change has left it, or nothing.
func contradicted(inv *inventory.Inventory, l *course.Lasting) string {
	at := inv.Store(l.Do.Store)
	if at < 0 {
		return ""
	}
	s, do := &inv.Stores[at], l.Do
	in, master := s.On(do.Server), s.Master()
	switch {
	case do.Do == planner.Drop && in != nil:
		return fmt.Sprintf("has an instance of store %s on %s", s.Name, do.Server)
	case do.Do == planner.Drop:
	case in == nil && do.Do != planner.Promote:
		return fmt.Sprintf("has no instance of store %s on %s", s.Name, do.Server)
	case do.Do == planner.Promote && master != nil && master.Server != do.Server:
		return fmt.Sprintf("has the master of store %s on %s", s.Name, master.Server)
	}
	return ""
}

// otherStores says who is on another store than the one to which the journal has moved him last.
func otherStores(inv *inventory.Inventory, found map[inventory.UserID]course.Whereabouts) []string {
	type way struct {
		from, to inventory.StoreID
		plan     string
	}
	by := map[way][]inventory.UserID{}
	last := map[way]time.Time{}
	var ways []way
	for i := range inv.Users {
		u := &inv.Users[i]
		w, moved := found[u.Name]
		if !moved || w.Since.IsZero() || w.Store == u.Store {
			continue
		}
		to := way{u.Store, w.Store, w.Plan}
		if by[to] == nil {
			ways = append(ways, to)
		}
		if by[to] = append(by[to], u.Name); w.Since.After(last[to]) {
			last[to] = w.Since
		}
	}
	slices.SortFunc(ways, func(a, b way) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), last[a].Compare(last[b]))
	})
	var texts []string
	for _, w := range ways {
		texts = append(texts, fmt.Sprintf("has %s on store %s; by the journal plan %s has moved them to %s, the last on %s (interlace discover finds who is where)",
			course.Few(by[w]), w.from, w.plan, w.to, monitor.Minute(last[w])))
	}
	return texts
}
