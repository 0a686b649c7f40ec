package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_message.sql
	insertMessage string
	//go:embed query/limit_messages.sql
	limitMessages string
	//go:embed query/claim_message.sql
	claimMessage string
	//go:embed query/find_claim.sql
	findClaim string
	//go:embed query/end_message.sql
	endMessage string
	//go:embed query/load_messages.sql
	loadMessages string
	//go:embed query/load_waiting.sql
	loadWaiting string
	//go:embed query/drop_message.sql
	dropMessage string
)

// mostWaiting is how many messages may wait to be sent: more than a day of them
// on several routes.
const mostWaiting = 50_000

func insertMessages(ctx context.Context, tx *sql.Tx, messages []monitor.Message) error {
	for i := range messages {
		m := &messages[i]
		if err := exec(ctx, tx, insertMessage, m.Host, m.Route, m.Thread, m.ID, m.Answers, m.Subject, m.Body,
			database.AsMicroseconds(&m.Made), database.AsMicroseconds(&m.Until), database.AsMicroseconds(&m.Due)); err != nil {
			return err
		}
	}
	if len(messages) == 0 {
		return nil
	}
	return exec(ctx, tx, limitMessages, database.AsMicroseconds(&messages[0].Made), fmt.Sprintf("more than %d messages waited", mostWaiting), mostWaiting)
}

// ClaimMessage returns the first message on a route that is due and not behind
// another of its thread, or nil. Nobody else gets it before until. One that is
// due after latest has been put off by a clock that was wrong, and is due now.
func (h *History) ClaimMessage(ctx context.Context, route string, now, until, latest time.Time) (*monitor.Message, error) {
	var m *monitor.Message
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		var claimed monitor.Message
		err := tx.QueryRowContext(ctx, claimMessage, route, now.UnixMicro(), until.UnixMicro(), latest.UnixMicro()).Scan(messageColumns(&claimed)...)
		if errors.Is(err, sql.ErrNoRows) {
			m = nil
			return nil
		}
		m = &claimed
		return err
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		if m == nil {
			return true, nil
		}
		return counted(ctx, tx, findClaim, m.Number, until.UnixMicro(), m.Tries)
	})
	if err != nil {
		return nil, fmt.Errorf("take a message out of the outbox: %w", err)
	}
	return m, nil
}

// EndMessage notes what became of trying to send a message.
func (h *History) EndMessage(ctx context.Context, m *monitor.Message) error {
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, endMessage, m.Number, database.AsMicroseconds(&m.Due), database.AsMicroseconds(&m.Sent), database.AsMicroseconds(&m.Dropped), m.Trouble)
	}, func(context.Context, *sql.Tx) (bool, error) { return false, nil })
	if err != nil {
		return fmt.Errorf("note what became of message %d: %w", m.Number, err)
	}
	return nil
}

// DropMessages gives up what waits on other routes than these of what a host made,
// and returns how many messages on each.
func (h *History) DropMessages(ctx context.Context, host string, routes []string, at time.Time, why string) (map[string]int, error) {
	var dropped map[string]int
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		dropped = map[string]int{}
		waiting, err := rowsOf(ctx, tx, loadWaiting, []any{host}, func(rows *sql.Rows) (m monitor.Message, err error) {
			return m, rows.Scan(&m.Number, &m.Route)
		})
		if err != nil {
			return err
		}
		for _, m := range waiting {
			if slices.Contains(routes, m.Route) {
				continue
			}
			if err := exec(ctx, tx, dropMessage, m.Number, database.AsMicroseconds(&at), why); err != nil {
				return err
			}
			dropped[m.Route]++
		}
		return nil
	}, func(context.Context, *sql.Tx) (bool, error) { return false, nil })
	if err != nil {
		return nil, fmt.Errorf("drop the messages of routes that there are no more: %w", err)
	}
	return dropped, nil
}

// Messages returns the messages that wait, and those that were sent or given up
// since a time, in the order in which they were made.
func (h *History) Messages(ctx context.Context, since time.Time) ([]monitor.Message, error) {
	return load(ctx, h.facts, "messages", loadMessages, []any{since.UnixMicro()}, func(rows *sql.Rows) (m monitor.Message, err error) {
		return m, rows.Scan(messageColumns(&m)...)
	})
}

func messageColumns(m *monitor.Message) []any {
	return []any{
		&m.Number, &m.Host, &m.Route, &m.Thread, &m.ID, &m.Answers, &m.Subject, &m.Body, database.AsMicroseconds(&m.Made), database.AsMicroseconds(&m.Until),
		database.AsMicroseconds(&m.Due), &m.Tries, database.AsMicroseconds(&m.Sent), database.AsMicroseconds(&m.Dropped), &m.Trouble,
	}
}
