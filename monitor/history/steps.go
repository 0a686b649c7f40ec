package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_step.sql
	insertStep string
	//go:embed query/find_step.sql
	findStep string
	//go:embed query/load_steps.sql
	loadSteps string
	//go:embed query/load_identity.sql
	loadIdentity string
	//go:embed query/load_begun.sql
	loadBegun string
)

// Identity returns what tells this journal from others, and is the same in a copy of it;
// empty where nothing was ever written.
func (h *History) Identity(ctx context.Context) (string, error) {
	names, err := load(ctx, h.facts, "the identity of the journal", loadIdentity, nil, func(rows *sql.Rows) (name string, err error) {
		return name, rows.Scan(&name)
	})
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// AddStep writes down what is about to be done of a plan, or how it ended, and gives the
// record its number. What is not written down must not be done.
func (h *History) AddStep(ctx context.Context, r *monitor.StepRecord) error {
	return h.writeAction(ctx, "a step", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, insertStep, r.Plan, r.Unit, r.Step, r.State, database.AsMicroseconds(&r.At), r.Text, r.Data).Scan(&r.Number)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		var found int
		err := tx.QueryRowContext(ctx, findStep, r.Number, r.Plan, r.Unit, database.AsMicroseconds(&r.At)).Scan(&found)
		return found == 1, err
	})
}

// Steps returns what is written down of a unit of a plan, in its order.
func (h *History) Steps(ctx context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	return h.loadSteps(ctx, loadSteps, plan, unit)
}

// Begun returns the beginnings of a step since a time, whatever the plan, in their order.
func (h *History) Begun(ctx context.Context, step monitor.Step, since time.Time) ([]monitor.StepRecord, error) {
	return h.loadSteps(ctx, loadBegun, step, database.AsMicroseconds(&since))
}

func (h *History) loadSteps(ctx context.Context, query string, args ...any) ([]monitor.StepRecord, error) {
	return load(ctx, h.facts, "steps", query, args, func(rows *sql.Rows) (r monitor.StepRecord, err error) {
		err = rows.Scan(&r.Number, &r.Plan, &r.Unit, &r.Step, &r.State, database.AsMicroseconds(&r.At), &r.Text, &r.Data)
		return r, err
	})
}
