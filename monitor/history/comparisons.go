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
	//go:embed query/insert_comparison.sql
	insertComparison string
	//go:embed query/find_comparison.sql
	findComparison string
	//go:embed query/end_comparison.sql
	endComparison string
	//go:embed query/load_comparisons.sql
	loadComparisons string
)

// BeginComparison writes down that a comparison begins, and gives it its number.
func (h *History) BeginComparison(ctx context.Context, r *monitor.ComparisonRun) error {
	return h.writeComparison(ctx, "begin", func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, insertComparison, r.Level, r.Selection, database.AsMicroseconds(&r.Began), database.AsJSON(&r.Flags)).Scan(&r.Number)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		return counted(ctx, tx, findComparison, r.Number, database.AsMicroseconds(&r.Began))
	})
}

// EndComparison writes down that a comparison came to its end.
func (h *History) EndComparison(ctx context.Context, r *monitor.ComparisonRun) error {
	return h.writeComparison(ctx, "end", func(tx *sql.Tx) error {
		return exec(ctx, tx, endComparison, r.Number, database.AsMicroseconds(&r.Ended), r.Copies, r.Identical, r.Different, r.Unknown)
	}, never)
}

// never is the answer to whether a write went through that may be done twice.
func never(context.Context, *sql.Tx) (bool, error) { return false, nil }

func (h *History) writeComparison(ctx context.Context, what string, do func(*sql.Tx) error, done func(context.Context, *sql.Tx) (bool, error)) error {
	if err := h.facts.Write(ctx, do, done); err != nil {
		return fmt.Errorf("write down the %s of a comparison: %w", what, err)
	}
	return nil
}

// Comparisons returns the runs that began since a time, in that order.
func (h *History) Comparisons(ctx context.Context, since time.Time) ([]monitor.ComparisonRun, error) {
	return load(ctx, h.facts, "comparisons", loadComparisons, []any{since.UnixMicro()}, func(rows *sql.Rows) (r monitor.ComparisonRun, err error) {
		err = rows.Scan(&r.Number, &r.Level, &r.Selection, database.AsJSON(&r.Flags), database.AsMicroseconds(&r.Began), database.AsMicroseconds(&r.Ended),
			&r.Copies, &r.Identical, &r.Different, &r.Unknown)
		return r, err
	})
}
