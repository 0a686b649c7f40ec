package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_copy.sql
	insertCopy string
	//go:embed query/load_copies.sql
	loadCopies string
)

// SaveCopies keeps since when copies are to be compared: those of which that is not
// known, from now on.
func (h *History) SaveCopies(ctx context.Context, copies []monitor.Copy, now time.Time) error {
	return h.writeComparison(ctx, "copies", func(tx *sql.Tx) error {
		var errs []error
		for _, c := range copies {
			errs = append(errs, exec(ctx, tx, insertCopy, c.Store, c.Server, database.AsMicroseconds(&now)))
		}
		return errors.Join(errs...)
	}, never)
}

// Copies returns since when copies are to be compared.
func (h *History) Copies(ctx context.Context) (map[monitor.Copy]time.Time, error) {
	type known struct {
		of monitor.Copy
		at time.Time
	}
	list, err := load(ctx, h.facts, "copies", loadCopies, nil, func(rows *sql.Rows) (k known, err error) {
		return k, rows.Scan(&k.of.Store, &k.of.Server, database.AsMicroseconds(&k.at))
	})
	copies := make(map[monitor.Copy]time.Time, len(list))
	for _, k := range list {
		copies[k.of] = k.at
	}
	return copies, err
}
