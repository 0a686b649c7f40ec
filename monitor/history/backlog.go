package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"fmt"
	"math"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/insert_channel.sql
	insertChannel string
	//go:embed query/extend_backlog.sql
	extendBacklog string
	//go:embed query/insert_backlog.sql
	insertBacklog string
	//go:embed query/load_backlog.sql
	loadBacklog string
	//go:embed query/load_backlog_hours.sql
	loadBacklogHours string
	//go:embed query/load_channels.sql
	loadChannels string
)

// SaveBacklog keeps looks at channels; one that is kept already is kept once.
func (h *History) SaveBacklog(ctx context.Context, looks []monitor.Backlog) error {
	return h.saveSamples(ctx, "backlog", func(tx *sql.Tx) error {
		for i := range looks {
			if err := saveBacklog(ctx, tx, &looks[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// saveSamples writes samples. A COMMIT of which nobody knows may be believed to
// have failed: writing the same samples again changes nothing.
func (h *History) saveSamples(ctx context.Context, name string, do func(*sql.Tx) error) error {
	never := func(context.Context, *sql.Tx) (bool, error) { return false, nil }
	if err := h.samples.Write(ctx, do, never); err != nil {
		return fmt.Errorf("save samples of %s: %w", name, err)
	}
	return nil
}

func saveBacklog(ctx context.Context, tx *sql.Tx, b *monitor.Backlog) error {
	var channel int64
	if err := tx.QueryRowContext(ctx, insertChannel, b.Server, b.Store, b.Channel, b.Kind, b.Role).Scan(&channel); err != nil {
		return err
	}
	row := monitor.Stretch{Backlog: *b}
	clients := keptClients(b)
	args := append([]any{channel, database.AsMicroseconds(&row.At)}, lookColumns(&row.Backlog, &clients)...)
	done, err := tx.ExecContext(ctx, extendBacklog, args...)
	if err != nil {
		return err
	}
	if extended, err := done.RowsAffected(); err != nil || extended > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, insertBacklog, args...)
	return err
}

// lookColumns are the columns of what a look saw, to write and to read.
func lookColumns(b *monitor.Backlog, clients *[]client) []any {
	return []any{
		&b.Log.Bytes, (*inode)(&b.Log.Inode), database.AsMicroseconds(&b.Log.First), database.AsMicroseconds(&b.Log.Last),
		&b.Run.Bytes, (*inode)(&b.Run.Inode), database.AsMicroseconds(&b.Run.First), database.AsMicroseconds(&b.Run.Last), database.AsMicroseconds(&b.Run.Taken),
		database.AsNumber(&b.Entries), database.AsNumber(&b.Mailboxes), database.AsNumber(&b.Users),
		&b.Worker, database.AsJSON(clients), &b.ProcessesKnown, &b.Trouble,
	}
}

// Backlog returns what was seen of channels, sorted by store, server, channel and time.
func (h *History) Backlog(ctx context.Context, span monitor.Span) ([]monitor.Stretch, error) {
	return load(ctx, h.samples, "the backlog", loadBacklog, spanArgs(span), func(rows *sql.Rows) (s monitor.Stretch, err error) {
		var clients []client
		columns := []any{&s.Server, &s.Store, &s.Role, &s.Channel, &s.Kind, database.AsMicroseconds(&s.At), database.AsMicroseconds(&s.Until), &s.Looks}
		err = rows.Scan(append(columns, lookColumns(&s.Backlog, &clients)...)...)
		s.Clients = processes(clients, s.Channel)
		return s, err
	})
}

// Hours returns what became of the hours in which channels were looked at, sorted
// by store, server, channel and time.
func (h *History) Hours(ctx context.Context, span monitor.Span) ([]monitor.Hour, error) {
	return load(ctx, h.samples, "the backlog by hour", loadBacklogHours, spanArgs(span), func(rows *sql.Rows) (o monitor.Hour, err error) {
		err = rows.Scan(&o.Server, &o.Store, &o.Role, &o.Channel, &o.Kind, database.AsMicroseconds(&o.Begins), &o.Looks, &o.Blind,
			database.AsNumber(&o.BytesMean), database.AsNumber(&o.BytesMost), database.AsNumber(&o.AgeMean), database.AsNumber(&o.AgeMost))
		return o, err
	})
}

// Channels returns the channels that have ever been looked at, sorted by store,
// server and channel.
func (h *History) Channels(ctx context.Context) ([]monitor.Watched, error) {
	return load(ctx, h.samples, "the channels", loadChannels, nil, func(rows *sql.Rows) (c monitor.Watched, err error) {
		err = rows.Scan(&c.Server, &c.Store, &c.Role, &c.Channel, &c.Kind, database.AsMicroseconds(&c.Seen))
		return c, err
	})
}

func spanArgs(span monitor.Span) []any {
	return []any{span.Server, span.Store, span.Channel, span.From.UnixMicro(), end(span)}
}

// end returns the end of a span in microseconds; one without an end has the last
// time there is.
func end(span monitor.Span) int64 {
	if span.Until.IsZero() {
		return math.MaxInt64
	}
	return span.Until.UnixMicro()
}

// load reads rows of a file; of one that is not there, none.
func load[R any](ctx context.Context, file *kept, what, query string, args []any, scan func(*sql.Rows) (R, error)) ([]R, error) {
	if file == nil {
		return nil, nil
	}
	var list []R
	err := file.Read(ctx, func(tx *sql.Tx) (err error) {
		list, err = rowsOf(ctx, tx, query, args, scan)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", what, err)
	}
	return list, nil
}

// rowsOf reads rows within a transaction.
func rowsOf[R any](ctx context.Context, tx *sql.Tx, query string, args []any, scan func(*sql.Rows) (R, error)) ([]R, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []R
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// client is what is kept of a rolling client of a channel.
type client struct {
	PID     int         `json:"pid"`
	Started time.Time   `json:"started"`
	State   string      `json:"state,omitempty"`
	IO      *monitor.IO `json:"io,omitempty"`
}

// keptClients are the clients of a look. How far they have come matters only
// where there is something to work on.
func keptClients(b *monitor.Backlog) []client {
	list := []client{}
	for _, p := range b.Clients {
		c := client{PID: p.PID, Started: p.Started.UTC()}
		if b.Log.Exists() || b.Run.Exists() {
			c.State, c.IO = p.State, p.IO
		}
		list = append(list, c)
	}
	return list
}

func processes(clients []client, channel string) []monitor.Process {
	var list []monitor.Process
	for _, c := range clients {
		list = append(list, monitor.Process{
			PID: c.PID, Name: "sync_client", Channel: channel, Rolling: true, Started: c.Started, State: c.State, IO: c.IO,
		})
	}
	return list
}
