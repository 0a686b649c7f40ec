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
	//go:embed query/insert_action.sql
	insertAction string
	//go:embed query/find_action.sql
	findAction string
	//go:embed query/end_action.sql
	endAction string
	//go:embed query/load_actions.sql
	loadActions string
)

// BeginAction writes down that something is about to be done, and gives it its
// number. What is not written down must not be done.
func (h *History) BeginAction(ctx context.Context, a *monitor.Action) error {
	return h.writeAction(ctx, "the begin of an action", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, insertAction, database.AsMicroseconds(&a.At), database.AsMicroseconds(&a.Ended), a.By, a.What,
			a.Server, a.Store, a.Channel, database.AsJSON(&a.Command), a.Outcome, a.Text).Scan(&a.Number)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		var found int
		err := tx.QueryRowContext(ctx, findAction, a.Number, database.AsMicroseconds(&a.At)).Scan(&found)
		return found == 1, err
	})
}

// EndAction writes down how what was begun ended.
func (h *History) EndAction(ctx context.Context, a *monitor.Action) error {
	return h.writeAction(ctx, "the end of an action", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, endAction, a.Number, database.AsMicroseconds(&a.Ended), a.Outcome, a.Text)
		return err
	}, func(context.Context, *sql.Tx) (bool, error) { return false, nil })
}

func (h *History) writeAction(ctx context.Context, what string, do func(*sql.Tx) error, done func(context.Context, *sql.Tx) (bool, error)) error {
	if err := h.facts.Write(ctx, do, done); err != nil {
		return fmt.Errorf("write down %s: %w", what, err)
	}
	return nil
}

// Actions returns what was done since a time, in the order in which it began.
func (h *History) Actions(ctx context.Context, since time.Time) ([]monitor.Action, error) {
	return load(ctx, h.facts, "actions", loadActions, []any{since.UnixMicro()}, func(rows *sql.Rows) (a monitor.Action, err error) {
		err = rows.Scan(&a.Number, database.AsMicroseconds(&a.At), database.AsMicroseconds(&a.Ended), &a.By, &a.What,
			&a.Server, &a.Store, &a.Channel, database.AsJSON(&a.Command), &a.Outcome, &a.Text)
		return a, err
	})
}
