package main

import (
	"cmp"
	"context"
	"fmt"
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
	since   time.Time
}

// add enters a unit whose users are kept out since a time.
func (o *outOfPlan) add(u *course.Unit, since time.Time) {
	if o.since.IsZero() || since.Before(o.since) {
		o.since = since
	}
	list := &o.stores
	if u.Do != nil {
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
	if len(o.offline) > 0 {
		is := "is"
		if len(o.offline) > 1 {
			is = "are"
		}
		texts = append(texts, fmt.Sprintf("%s %s offline, with the master stopped", storesInWords(o.offline), is))
	}
	return fmt.Sprintf("%s, since %s, by plan %s, which is not done: interlace apply --resume says more",
		strings.Join(texts, " and "), o.since.Local().Format(time.RFC3339), inventory.Printable(o.plan))
}

// storesInWords names a few stores, and says how many more there are.
func storesInWords(stores []inventory.StoreID) string {
	const most = 4
	var names []string
	for _, s := range slices.Sorted(slices.Values(stores))[:min(most, len(stores))] {
		names = append(names, string(s))
	}
	text := "stores " + strings.Join(names, ", ")
	switch {
	case len(stores) == 1:
		return "store " + names[0]
	case len(stores) > most:
		text += fmt.Sprintf(" and %d more", len(stores)-most)
	}
	return text
}

// outByPlans says in short who is kept out by plans of the journal that are in the middle, as it is
// written down and the servers do not deny.
func (a *app) outByPlans(ctx context.Context, h *history.History) ([]string, error) {
	units, err := journalled(ctx, h, false)
	if err != nil {
		return nil, err
	}
	c := &applying{app: a, history: h}
	var plans []*outOfPlan
	seen := map[string]bool{}
	for i := range units {
		for _, u := range append(course.Reverse(&units[i]), units[i]) {
			records, err := h.Steps(ctx, u.Plan, u.Name)
			switch {
			case err != nil:
				return nil, err
			case seen[u.Plan+u.Name] || (&course.Result{Unit: &u, Records: records}).Out().IsZero():
				continue
			}
			seen[u.Plan+u.Name] = true
			if c.facts == nil {
				if c.facts, err = a.facts(ctx); err != nil {
					return nil, err
				}
			}
			since := c.outSince(ctx, &u, records)
			if since.IsZero() {
				continue
			}
			at := slices.IndexFunc(plans, func(o *outOfPlan) bool { return o.plan == u.Plan })
			if at < 0 {
				at, plans = len(plans), append(plans, &outOfPlan{plan: u.Plan})
			}
			plans[at].add(&u, since)
		}
	}
	slices.SortFunc(plans, func(a, b *outOfPlan) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.plan, b.plan)) })
	var texts []string
	for _, o := range plans {
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
