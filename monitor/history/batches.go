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
	//go:embed query/insert_batch.sql
	insertBatch string
	//go:embed query/load_batches.sql
	loadBatches string
)

// SaveBatches keeps batches of channels of which there are looks.
func (h *History) SaveBatches(ctx context.Context, batches []monitor.Batch) error {
	return h.saveSamples(ctx, "batches", func(tx *sql.Tx) error {
		for i := range batches {
			b := &batches[i]
			var channel int64
			if err := tx.QueryRowContext(ctx, insertChannel, b.Server, b.Store, b.Channel, b.Kind, b.Role).Scan(&channel); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, insertBatch, channel, database.AsMicroseconds(&b.Begun), b.Lasted.Microseconds(),
				database.AsMicroseconds(&b.First), b.Bytes, b.Entries, b.Mailboxes, database.AsNumber(&b.Sent), database.AsNumber(&b.Trip)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Batches returns the newest batches of each channel that began in the span, at
// most so many, sorted by store, server, channel and time.
func (h *History) Batches(ctx context.Context, span monitor.Span, most int) ([]monitor.Batch, error) {
	return load(ctx, h.samples, "batches", loadBatches, append(spanArgs(span), most-1), func(rows *sql.Rows) (b monitor.Batch, err error) {
		var lasted int64
		err = rows.Scan(&b.Server, &b.Store, &b.Role, &b.Channel, &b.Kind, database.AsMicroseconds(&b.Begun), &lasted,
			database.AsMicroseconds(&b.First), &b.Bytes, &b.Entries, &b.Mailboxes, database.AsNumber(&b.Sent), database.AsNumber(&b.Trip))
		b.Lasted = time.Duration(lasted) * time.Microsecond
		return b, err
	})
}
