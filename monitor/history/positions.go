package history

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed" // the queries
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/load_positions.sql
	loadPositions string
	//go:embed query/forget_positions.sql
	forgetPositions string
	//go:embed query/insert_position.sql
	insertPosition string
	//go:embed query/insert_note.sql
	insertNote string
	//go:embed query/load_notes.sql
	loadNotes string
	//go:embed query/forget_notes.sql
	forgetNotes string
	//go:embed query/insert_milestone.sql
	insertMilestone string
	//go:embed query/load_milestones.sql
	loadMilestones string
	//go:embed query/mark_told.sql
	markTold string
	//go:embed query/find_told.sql
	findTold string
)

// SaveTold keeps what was found in logs together with how far they were read, in
// one transaction. The findings stay until [History.ForgetNotes].
func (h *History) SaveTold(ctx context.Context, now time.Time, told *monitor.Told) error {
	mark := rand.Text()
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		if err := savePositions(ctx, tx, told.Positions); err != nil {
			return err
		}
		if err := saveNotes(ctx, tx, now, told.Findings); err != nil {
			return err
		}
		for i := range told.Milestones {
			m := &told.Milestones[i]
			if _, err := tx.ExecContext(ctx, insertMilestone, m.Server, m.Store, m.What, database.AsMicroseconds(&m.At)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, markTold, mark)
		return err
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		var found int
		err := tx.QueryRowContext(ctx, findTold, mark).Scan(&found)
		return found == 1, err
	})
	if err != nil {
		return fmt.Errorf("keep what was found in logs: %w", err)
	}
	return nil
}

// savePositions replaces the positions of the logs that are named.
func savePositions(ctx context.Context, tx *sql.Tx, positions []monitor.Position) error {
	parts := map[string]int{}
	for i := range positions {
		p := &positions[i]
		if parts[p.Log] == 0 {
			if _, err := tx.ExecContext(ctx, forgetPositions, p.Log); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, insertPosition, p.Log, parts[p.Log], (*inode)(&p.Inode), p.Offset,
			bytesOf(p.Head), bytesOf(p.Tail), p.Within, p.Cursor, database.AsMicroseconds(&p.Seen)); err != nil {
			return err
		}
		parts[p.Log]++
	}
	return nil
}

// bytesOf makes an empty value of none: null is not what is meant.
func bytesOf(b []byte) []byte { return append([]byte{}, b...) }

func saveNotes(ctx context.Context, tx *sql.Tx, now time.Time, findings []monitor.Finding) error {
	for i := range findings {
		if _, err := tx.ExecContext(ctx, insertNote, database.AsMicroseconds(&now), database.AsJSON(&findings[i])); err != nil {
			return err
		}
	}
	return nil
}

// Positions returns how far all logs have been told, by log.
func (h *History) Positions(ctx context.Context) ([]monitor.Position, error) {
	return load(ctx, h.facts, "positions", loadPositions, nil, func(rows *sql.Rows) (p monitor.Position, err error) {
		err = rows.Scan(&p.Log, (*inode)(&p.Inode), &p.Offset, &p.Head, &p.Tail, &p.Within, &p.Cursor, database.AsMicroseconds(&p.Seen))
		return p, err
	})
}

// Notes returns the oldest findings that were kept and not taken yet, at most so
// many.
func (h *History) Notes(ctx context.Context, most int) ([]monitor.Note, error) {
	return load(ctx, h.facts, "notes", loadNotes, []any{most}, func(rows *sql.Rows) (n monitor.Note, err error) {
		err = rows.Scan(&n.Number, database.AsMicroseconds(&n.At), database.AsJSON(&n.Finding))
		return n, err
	})
}

// ForgetNotes drops the notes up to a number: they have been taken.
func (h *History) ForgetNotes(ctx context.Context, through int64) error {
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, forgetNotes, through)
		return err
	}, func(context.Context, *sql.Tx) (bool, error) { return false, nil })
	if err != nil {
		return fmt.Errorf("drop notes: %w", err)
	}
	return nil
}

// Milestones returns the last times at which instances did what they do regularly.
func (h *History) Milestones(ctx context.Context) ([]monitor.Milestone, error) {
	return load(ctx, h.facts, "milestones", loadMilestones, nil, func(rows *sql.Rows) (m monitor.Milestone, err error) {
		err = rows.Scan(&m.Server, &m.Store, &m.What, database.AsMicroseconds(&m.At))
		return m, err
	})
}
