package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"math"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_instance.sql
	insertInstance string
	//go:embed query/insert_usage.sql
	insertUsage string
	//go:embed query/load_usage.sql
	loadUsage string
	//go:embed query/load_usage_unsummed.sql
	loadUsageUnsummed string
	//go:embed query/insert_usage_hour.sql
	insertUsageHour string
	//go:embed query/load_usage_hours.sql
	loadUsageHours string
)

// SaveUsage keeps what instances used.
func (h *History) SaveUsage(ctx context.Context, samples []monitor.Usage) error {
	return h.saveSamples(ctx, "usage", func(tx *sql.Tx) error {
		for i := range samples {
			u := &samples[i]
			var instance int64
			if err := tx.QueryRowContext(ctx, insertInstance, u.Server, u.Store, u.Role).Scan(&instance); err != nil {
				return err
			}
			args := append([]any{instance, database.AsMicroseconds(&u.At), u.Over.Microseconds()}, usageColumns(u)...)
			if _, err := tx.ExecContext(ctx, insertUsage, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

func usageColumns(u *monitor.Usage) []any {
	return []any{
		database.AsNumber(&u.IO), database.AsNumber(&u.CPU), database.AsNumber(&u.Memory), database.AsNumber(&u.Disk),
		database.AsNumber(&u.DiskFree), database.AsNumber(&u.DiskFill),
	}
}

// Usage returns what instances used, sorted by store, server, role and time.
func (h *History) Usage(ctx context.Context, span monitor.Span) ([]monitor.Usage, error) {
	return load(ctx, h.samples, "usage", loadUsage, instanceArgs(span), func(rows *sql.Rows) (u monitor.Usage, err error) {
		var over int64
		err = rows.Scan(append([]any{&u.Server, &u.Store, &u.Role, database.AsMicroseconds(&u.At), &over}, usageColumns(&u)...)...)
		u.Over = time.Duration(over) * time.Microsecond
		return u, err
	})
}

// UsageHours returns what instances used by hour, sorted by store, server, role,
// resource and time.
func (h *History) UsageHours(ctx context.Context, span monitor.Span) ([]monitor.UsageHour, error) {
	return load(ctx, h.samples, "usage by hour", loadUsageHours, instanceArgs(span), func(rows *sql.Rows) (u monitor.UsageHour, err error) {
		err = rows.Scan(&u.Server, &u.Store, &u.Role, database.AsMicroseconds(&u.Begins), &u.Resource, &u.Samples, &u.Mean, &u.P95, &u.Most)
		return u, err
	})
}

func instanceArgs(span monitor.Span) []any {
	return []any{span.Server, span.Store, span.From.UnixMicro(), end(span)}
}

// sumUsage writes the hours that have ended and are not written yet.
func sumUsage(ctx context.Context, tx *sql.Tx, now time.Time) error {
	hours, err := usageHours(ctx, tx, now)
	if err != nil {
		return err
	}
	for key, values := range hours {
		slices.Sort(values)
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		n := len(values)
		p95 := values[int(math.Ceil(0.95*float64(n)))-1]
		if _, err := tx.ExecContext(ctx, insertUsageHour, key.instance, key.hour, key.resource, n, sum/float64(n), p95, values[n-1]); err != nil {
			return err
		}
	}
	return nil
}

type usageKey struct {
	instance, hour int64
	resource       string
}

var usageResources = []string{"io", "cpu", "memory", "disk", "disk_free", "disk_fill"}

func usageHours(ctx context.Context, tx *sql.Tx, now time.Time) (map[usageKey][]float64, error) {
	rows, err := tx.QueryContext(ctx, loadUsageUnsummed, now.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	hours := map[usageKey][]float64{}
	for rows.Next() {
		var (
			instance, at int64
			numbers      [6]inventory.Number
			columns      = []any{&instance, &at}
		)
		for i := range numbers {
			columns = append(columns, database.AsNumber(&numbers[i]))
		}
		if err := rows.Scan(columns...); err != nil {
			return nil, err
		}
		for i, n := range numbers {
			if n.Known {
				key := usageKey{instance, at - at%hour.Microseconds(), usageResources[i]}
				hours[key] = append(hours[key], n.Value)
			}
		}
	}
	return hours, rows.Err()
}
