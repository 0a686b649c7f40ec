package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"fmt"
	"time"
)

var (
	//go:embed query/sum_backlog.sql
	sumBacklog string
	//go:embed query/forget_backlog.sql
	forgetBacklog string
	//go:embed query/forget_backlog_hours.sql
	forgetBacklogHours string
	//go:embed query/forget_batches.sql
	forgetBatches string
	//go:embed query/forget_usage.sql
	forgetUsage string
	//go:embed query/forget_usage_hours.sql
	forgetUsageHours string
	//go:embed query/forget_alerts.sql
	forgetAlerts string
	//go:embed query/forget_silences.sql
	forgetSilences string
	//go:embed query/forget_messages.sql
	forgetMessages string
	//go:embed query/forget_comparisons.sql
	forgetComparisons string
	//go:embed query/forget_compared.sql
	forgetCompared string
	//go:embed query/forget_differences.sql
	forgetDifferences string
)

const (
	hour = time.Hour
	day  = 24 * hour
)

// How long samples are kept: every one, and the sums of each hour.
const (
	KeepWhole = 30 * day
	KeepHours = 400 * day
)

// Tidy sums up the hours that have ended and drops what has been kept for long
// enough.
func (h *History) Tidy(ctx context.Context, now time.Time) error {
	err := h.saveSamples(ctx, "hours", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, sumBacklog, now.UnixMicro()); err != nil {
			return err
		}
		if err := sumUsage(ctx, tx, now); err != nil {
			return err
		}
		return forget(ctx, tx, now)
	})
	if err = errors.Join(err, h.forgetFacts(ctx, now)); err != nil {
		return fmt.Errorf("tidy up: %w", err)
	}
	return nil
}

// forgetFacts drops the alerts and silences that ended long ago, the messages that
// were sent or given up, and what was compared long ago.
func (h *History) forgetFacts(ctx context.Context, now time.Time) error {
	return h.facts.Write(ctx, func(tx *sql.Tx) error {
		return errors.Join(
			exec(ctx, tx, forgetAlerts, now.Add(-KeepHours).UnixMicro()),
			exec(ctx, tx, forgetSilences, now.Add(-KeepHours).UnixMicro()),
			exec(ctx, tx, forgetMessages, now.Add(-KeepWhole).UnixMicro()),
			exec(ctx, tx, forgetComparisons, now.Add(-KeepHours).UnixMicro()),
			exec(ctx, tx, forgetCompared, now.Add(-KeepHours).UnixMicro()),
			exec(ctx, tx, forgetDifferences, now.Add(-KeepHours).UnixMicro()),
		)
	}, never)
}

func forget(ctx context.Context, tx *sql.Tx, now time.Time) error {
	for query, kept := range map[string]time.Duration{
		forgetBacklog: KeepWhole, forgetBatches: KeepWhole, forgetUsage: KeepWhole,
		forgetBacklogHours: KeepHours, forgetUsageHours: KeepHours,
	} {
		if _, err := tx.ExecContext(ctx, query, now.Add(-kept).UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}
