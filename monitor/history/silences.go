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
	//go:embed query/load_silences.sql
	loadSilences string
	//go:embed query/insert_silence.sql
	insertSilence string
	//go:embed query/find_silence.sql
	findSilence string
	//go:embed query/end_silence.sql
	endSilence string
)

// AddSilence keeps a silence and gives it its number.
func (h *History) AddSilence(ctx context.Context, s *monitor.Silence) error {
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, insertSilence, silenceColumns(s)[1:]...).Scan(&s.Number)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		return counted(ctx, tx, findSilence, s.Number, database.AsMicroseconds(&s.From), database.AsMicroseconds(&s.Until))
	})
	if err != nil {
		return fmt.Errorf("keep a silence: %w", err)
	}
	return nil
}

// EndSilence ends a silence before its time; one that has ended stays as it is.
func (h *History) EndSilence(ctx context.Context, number int64, at time.Time) error {
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, endSilence, number, database.AsMicroseconds(&at))
	}, func(context.Context, *sql.Tx) (bool, error) { return false, nil })
	if err != nil {
		return fmt.Errorf("end silence %d: %w", number, err)
	}
	return nil
}

// Silences returns the silences that end after a time, in the order in which they
// were made.
func (h *History) Silences(ctx context.Context, after time.Time) ([]monitor.Silence, error) {
	return load(ctx, h.facts, "silences", loadSilences, []any{after.UnixMicro()}, scanSilence)
}

func silenceColumns(s *monitor.Silence) []any {
	return []any{&s.Number, database.AsJSON(&s.Matchers), &s.Author, &s.Comment, database.AsMicroseconds(&s.From), database.AsMicroseconds(&s.Until)}
}

func scanSilence(rows *sql.Rows) (s monitor.Silence, err error) {
	return s, rows.Scan(silenceColumns(&s)...)
}
