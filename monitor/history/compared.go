package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_owner.sql
	insertOwner string
	//go:embed query/load_owners.sql
	loadOwners string
	//go:embed query/delete_owner.sql
	deleteOwner string
	//go:embed query/empty_copy.sql
	emptyCopy string
	//go:embed query/end_owner_differences.sql
	endOwnerDifferences string
	//go:embed query/insert_compared.sql
	insertCompared string
	//go:embed query/load_compared.sql
	loadCompared string
	//go:embed query/load_differences_open.sql
	loadDifferencesOpen string
	//go:embed query/insert_difference.sql
	insertDifference string
	//go:embed query/end_difference.sql
	endDifference string
	//go:embed query/load_differences.sql
	loadDifferences string
)

// owner is whose mailboxes are compared.
type owner struct {
	name   string
	shared bool
}

// SaveOwners keeps which users and shared trees there are, of which the outcome
// does not matter: from now on those that are new wait to be compared at the level,
// and nothing is known any more of those that are gone. A copy of nobody is to be
// compared from now on.
func (h *History) SaveOwners(ctx context.Context, c monitor.Copy, level monitor.CompareLevel, at time.Time, owners []monitor.Compared) error {
	return h.writeComparison(ctx, "owners", func(tx *sql.Tx) error {
		if len(owners) == 0 {
			if err := exec(ctx, tx, emptyCopy, c.Store, c.Server, database.AsMicroseconds(&at)); err != nil {
				return err
			}
		}
		there := map[owner]bool{}
		for i := range owners {
			o := &owners[i]
			there[owner{o.Owner, o.Shared}] = true
			if err := exec(ctx, tx, insertOwner, c.Store, c.Server, o.Owner, o.Shared, level, database.AsMicroseconds(&at)); err != nil {
				return err
			}
		}
		known, err := rowsOf(ctx, tx, loadOwners, []any{c.Store, c.Server}, func(rows *sql.Rows) (o owner, err error) {
			return o, rows.Scan(&o.name, &o.shared)
		})
		if err != nil {
			return err
		}
		for _, o := range known {
			if there[o] {
				continue
			}
			if err := exec(ctx, tx, deleteOwner, c.Store, c.Server, o.name, o.shared); err != nil {
				return err
			}
			if err := exec(ctx, tx, endOwnerDifferences, c.Store, c.Server, o.name, o.shared, database.AsMicroseconds(&at)); err != nil {
				return err
			}
		}
		return nil
	}, never)
}

// SaveCompared keeps what a run found of some users and shared trees. A difference
// that was there before and would have been found is gone.
func (h *History) SaveCompared(ctx context.Context, r *monitor.ComparisonRun, c monitor.Copy, at time.Time, list []monitor.Compared) error {
	return h.writeComparison(ctx, "results", func(tx *sql.Tx) error {
		for i := range list {
			if err := saveCompared(ctx, tx, r, c, at, &list[i]); err != nil {
				return err
			}
		}
		return nil
	}, never)
}

func saveCompared(ctx context.Context, tx *sql.Tx, r *monitor.ComparisonRun, c monitor.Copy, at time.Time, o *monitor.Compared) error {
	var whole time.Time
	if o.Whole {
		whole = at
	}
	err := exec(ctx, tx, insertCompared, c.Store, c.Server, o.Owner, o.Shared, r.Level, database.AsMicroseconds(&at), r.Number, o.Outcome, database.AsMicroseconds(&whole))
	if err != nil {
		return err
	}
	open, err := rowsOf(ctx, tx, loadDifferencesOpen, []any{c.Store, c.Server, o.Owner, o.Shared}, func(rows *sql.Rows) (d openDifference, err error) {
		return d, rows.Scan(&d.number, &d.subject, database.AsJSON(&d.Difference))
	})
	if err != nil {
		return err
	}
	subjects := subjectsOf(o.Differences)
	for i := range o.Differences {
		err := exec(ctx, tx, insertDifference, c.Store, c.Server, o.Owner, o.Shared, subjects[i], database.AsJSON(&o.Differences[i]), database.AsMicroseconds(&at))
		if err != nil {
			return err
		}
	}
	for i := range open {
		if d := &open[i]; !slices.Contains(subjects, d.subject) && d.ended(r.Level, o) {
			if err := exec(ctx, tx, endDifference, d.number, database.AsMicroseconds(&at)); err != nil {
				return err
			}
		}
	}
	return nil
}

type openDifference struct {
	monitor.Difference
	number  int64
	subject string
}

// ended tells whether a comparison that has not found a difference would have, also where
// nothing else would have made it look there.
func (d *openDifference) ended(level monitor.CompareLevel, o *monitor.Compared) bool {
	return level.Covers(d.Level) && level.Covers(d.Kind.Sought()) && !slices.Contains(o.Unsure, d.Mailbox) && !slices.Contains(o.Unsure, inventory.Text(""))
}

// subjectsOf tells the differences of an owner apart, and knows each again when what
// the two sides have has changed. Only subscriptions are told apart by what that is.
func subjectsOf(list []monitor.Difference) []string {
	subjects, seen := make([]string, len(list)), map[string]int{}
	for i := range list {
		d := &list[i]
		about := fmt.Sprintf("%s on %s in %q", d.Kind, d.Server, d.Mailbox)
		if d.Kind == monitor.Subscription {
			about += fmt.Sprintf(" %q %q", d.Master, d.Replica)
		}
		seen[about]++
		subjects[i] = fmt.Sprintf("%s %d", about, seen[about])
	}
	return subjects
}

// Compared returns what is known of all users and shared trees, by store, replica,
// and name.
func (h *History) Compared(ctx context.Context) ([]monitor.CopyState, error) {
	return load(ctx, h.facts, "what was compared", loadCompared, nil, func(rows *sql.Rows) (s monitor.CopyState, err error) {
		err = rows.Scan(&s.Store, &s.Server, &s.Owner, &s.Shared, &s.Level, database.AsMicroseconds(&s.Known), &s.Run,
			database.AsMicroseconds(&s.At), &s.Outcome, database.AsMicroseconds(&s.Whole))
		return s, err
	})
}

// Differences returns those that are open, and those that have gone since a time, by
// store, replica and owner.
func (h *History) Differences(ctx context.Context, gone time.Time) ([]monitor.KeptDifference, error) {
	return load(ctx, h.facts, "differences", loadDifferences, []any{gone.UnixMicro()}, func(rows *sql.Rows) (d monitor.KeptDifference, err error) {
		err = rows.Scan(&d.Number, &d.Copy.Store, &d.Copy.Server, &d.Owner, &d.Shared, database.AsJSON(&d.Difference),
			database.AsMicroseconds(&d.First), database.AsMicroseconds(&d.Last), database.AsMicroseconds(&d.Gone))
		return d, err
	})
}
