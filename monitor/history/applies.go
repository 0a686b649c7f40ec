package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_plan.sql
	insertPlan string
	//go:embed query/load_plan.sql
	loadPlan string
	//go:embed query/insert_apply.sql
	insertApply string
	//go:embed query/end_apply.sql
	endApply string
	//go:embed query/stop_applies.sql
	stopApplies string
	//go:embed query/load_applies.sql
	loadApplies string
)

// BeginApply keeps the plans that are about to be carried out, and writes down that they
// are; where they were begun before they are gone on with. The texts are those of the
// plans of the apply, in its order.
func (h *History) BeginApply(ctx context.Context, a *monitor.Apply, texts [][]byte) error {
	return h.writeApply(ctx, "begin", func(tx *sql.Tx) error {
		for i, text := range texts {
			if err := exec(ctx, tx, insertPlan, a.Plans[i], string(text)); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, insertApply, database.AsJSON(&a.Plans), a.By, database.AsMicroseconds(&a.Began)).
			Scan(&a.Number, &a.By, database.AsMicroseconds(&a.Began))
	})
}

// EndApply writes down that nothing is left to do.
func (h *History) EndApply(ctx context.Context, number int64, at time.Time) error {
	return h.writeApply(ctx, "end", func(tx *sql.Tx) error {
		return exec(ctx, tx, endApply, number, database.AsMicroseconds(&at))
	})
}

// StopApplies asks whoever carries plans out to end soon.
func (h *History) StopApplies(ctx context.Context, at time.Time) error {
	return h.writeApply(ctx, "stop", func(tx *sql.Tx) error { return exec(ctx, tx, stopApplies, database.AsMicroseconds(&at)) })
}

// writeApply writes what may be written twice.
func (h *History) writeApply(ctx context.Context, what string, do func(*sql.Tx) error) error {
	if err := h.facts.Write(ctx, do, never); err != nil {
		return fmt.Errorf("write down the %s of an apply: %w", what, err)
	}
	return nil
}

// Applies returns the applies of which something is left to do or, with all, every one,
// in the order in which they began.
func (h *History) Applies(ctx context.Context, all bool) ([]monitor.Apply, error) {
	return load(ctx, h.facts, "applies", loadApplies, []any{all}, func(rows *sql.Rows) (a monitor.Apply, err error) {
		err = rows.Scan(&a.Number, database.AsJSON(&a.Plans), &a.By, database.AsMicroseconds(&a.Began), database.AsMicroseconds(&a.Ended), database.AsMicroseconds(&a.Stop))
		return a, err
	})
}

// Plan returns the text of a plan that is or was carried out; nil if it never was.
func (h *History) Plan(ctx context.Context, id string) ([]byte, error) {
	texts, err := load(ctx, h.facts, "a plan", loadPlan, []any{id}, func(rows *sql.Rows) (text string, err error) {
		return text, rows.Scan(&text)
	})
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	return []byte(texts[0]), nil
}
