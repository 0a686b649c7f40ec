package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// outOfPlan is who is kept out by a plan that is in the middle.
type outOfPlan struct {
	plan    string
	users   int
	stores  []inventory.StoreID // that these are kept out of
	offline []inventory.StoreID // whose master is stopped
	led     []inventory.StoreID // likewise, and another instance is the master, to which not all may be routed
	since   time.Time
}

// add enters a unit whose users are kept out since a time.
func (o *outOfPlan) add(u *outUnit) {
	if o.since.IsZero() || u.since.Before(o.since) {
		o.since = u.since
	}
	list := &o.stores
	switch {
	case u.Do != nil && u.OnlyOn(u.records):
		list = &o.led
	case u.Do != nil:
		list = &o.offline
	}
	o.users += len(u.Moves)
	for _, s := range u.Stores() {
		if !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
}

// String says it in short, and what says more.
func (o *outOfPlan) String() string {
	var texts []string
	if o.users > 0 {
		texts = append(texts, fmt.Sprintf("%s kept out of %s", inventory.Counted(o.users, "user is", "users are"), storesInWords(o.stores)))
	}
	for _, offline := range []struct {
		stores []inventory.StoreID
		how    string
	}{{o.offline, "offline, with the master stopped"}, {o.led, "offline for those who are not routed to the new master"}} {
		is := "is"
		if len(offline.stores) > 1 {
			is = "are"
		}
		if len(offline.stores) > 0 {
			texts = append(texts, fmt.Sprintf("%s %s %s", storesInWords(offline.stores), is, offline.how))
		}
	}
	return fmt.Sprintf("%s, since %s, by plan %s, which is not done: interlace apply --resume says more",
		strings.Join(texts, " and "), o.since.Local().Format(time.RFC3339), inventory.Printable(o.plan))
}

// storesInWords names a few stores, and says how many more there are.
func storesInWords(stores []inventory.StoreID) string {
	if len(stores) == 1 {
		return "store " + string(stores[0])
	}
	return "stores " + course.Few(slices.Sorted(slices.Values(stores)))
}

// outByPlans says in short who is kept out by plans of the journal that are in the middle.
func (a *app) outByPlans(ctx context.Context, h *history.History) ([]string, error) {
	c := &applying{app: a, history: h, told: map[string]bool{}}
	units, err := c.outByJournal(ctx)
	if err != nil {
		return nil, err
	}
	plans := map[string]*outOfPlan{}
	for i := range units {
		u := &units[i]
		if plans[u.Plan] == nil {
			plans[u.Plan] = &outOfPlan{plan: u.Plan}
		}
		plans[u.Plan].add(u)
	}
	var texts []string
	for _, o := range slices.SortedFunc(maps.Values(plans), func(a, b *outOfPlan) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.plan, b.plan)) }) {
		texts = append(texts, o.String())
	}
	return texts, ctx.Err()
}

// outNotes says the same, or why it is not known.
func (a *app) outNotes(ctx context.Context, h *history.History) []string {
	texts, err := a.outByPlans(ctx, h)
	if err != nil {
		texts = []string{fmt.Sprintf("who is kept out by plans that are in the middle is not known: %v", err)}
	}
	return texts
}

// sayOutByPlans warns of who is kept out by plans that are in the middle. A journal that can't be
// read is told already.
func (a *app) sayOutByPlans(ctx context.Context) {
	h, err := a.openJournal(ctx, false)
	if err != nil {
		return
	}
	defer h.Close()
	for _, text := range a.outNotes(ctx, h) {
		a.note("warning: %s", text)
	}
}
