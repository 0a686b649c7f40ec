package history

import (
	"context"
	"database/sql"
	_ "embed" // the query
	"time"

	"github.com/interlacemail/interlace/inventory/database"
)

//go:embed query/load_last_steps.sql
var loadLastSteps string

// LastSteps returns when something was last done of each plan that changed where anybody or
// anything is: carried on, or taken back.
func (h *History) LastSteps(ctx context.Context) (map[string]time.Time, error) {
	type last struct {
		plan string
		at   time.Time
	}
	list, err := load(ctx, h.facts, "steps", loadLastSteps, nil, func(rows *sql.Rows) (l last, err error) {
		return l, rows.Scan(&l.plan, database.AsMicroseconds(&l.at))
	})
	all := map[string]time.Time{}
	for _, l := range list {
		all[l.plan] = l.at
	}
	return all, err
}
