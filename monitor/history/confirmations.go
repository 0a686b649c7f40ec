package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"fmt"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_confirmation.sql
	insertConfirmation string
	//go:embed query/find_confirmation.sql
	findConfirmation string
	//go:embed query/load_confirmations.sql
	loadConfirmations string
	//go:embed query/load_confirmations_last.sql
	loadConfirmationsLast string
)

// AddConfirmation keeps what was found of a plan, and gives it its number.
func (h *History) AddConfirmation(ctx context.Context, c *monitor.Confirmation) error {
	at := database.AsMicroseconds(&c.At)
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, insertConfirmation, c.Plan, c.Unit, at, c.By, c.Occasion, c.Verdict, database.AsJSON(&c.Promises)).Scan(&c.Number)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		return counted(ctx, tx, findConfirmation, c.Number, c.Plan, c.Unit, at)
	})
	if err != nil {
		return fmt.Errorf("keep what was found of plan %s: %w", c.Plan, err)
	}
	return nil
}

// Confirmations returns what was found of a plan and its units, in the order in which it
// was asked for.
func (h *History) Confirmations(ctx context.Context, plan string) ([]monitor.Confirmation, error) {
	return load(ctx, h.facts, "confirmations", loadConfirmations, []any{plan}, confirmationOf)
}

// LastConfirmations returns what was last found of each plan and unit that it was asked of.
func (h *History) LastConfirmations(ctx context.Context) ([]monitor.Confirmation, error) {
	return load(ctx, h.facts, "confirmations", loadConfirmationsLast, nil, confirmationOf)
}

func confirmationOf(rows *sql.Rows) (c monitor.Confirmation, err error) {
	err = rows.Scan(&c.Number, &c.Plan, &c.Unit, database.AsMicroseconds(&c.At), &c.By, &c.Occasion, &c.Verdict, database.AsJSON(&c.Promises))
	return c, err
}
