//go:build cgo

package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed" // the settings
	"fmt"
	"net/url"
	"time"

	"github.com/mattn/go-sqlite3"
)

// patience is how long one statement waits for another process.
const patience = 200 * time.Millisecond

// applicationID marks our files; it reads "INTL" in the file's header.
const applicationID = 0x494e544c

var (
	//go:embed query/connect_writer.sql
	connectWriter string
	//go:embed query/connect_relaxed.sql
	connectRelaxed string
	//go:embed query/connect_reader.sql
	connectReader string
	//go:embed query/application.sql
	application string
	//go:embed query/claim.sql
	claim string
	//go:embed query/check.sql
	check string
	//go:embed query/log_ahead.sql
	logAhead string
)

// writerPool returns the one connection that writes. Its transactions take the
// write lock when they begin, so that they never have to be repeated.
func writerPool(path string, relaxed bool) *sql.DB {
	settings := connectWriter
	if relaxed {
		settings += connectRelaxed
	}
	pool := sql.OpenDB(newConnector(path, settings, "rwc", "immediate"))
	pool.SetMaxOpenConns(1)
	return pool
}

// readerPool returns the connections that read and cannot write. Alone, nobody else may write
// while they read.
func readerPool(path string, alone bool) *sql.DB {
	c := newConnector(path, connectReader, "ro", "deferred")
	if alone {
		c.name += "&immutable=1"
	}
	return sql.OpenDB(c)
}

// connector opens connections to a file and applies settings to each.
type connector struct {
	name   string // the file and its options, as a URI (https://sqlite.org/uri.html)
	driver *sqlite3.SQLiteDriver
}

func newConnector(path, settings, mode, lock string) connector {
	options := url.Values{
		"mode": {mode}, "_txlock": {lock}, "_mutex": {"no"},
		"_busy_timeout": {fmt.Sprint(patience.Milliseconds())},
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	return connector{name.String(), &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec(settings, nil)
		return err
	}}}
}

// Connect implements [driver.Connector].
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }

// Driver implements [driver.Connector].
func (c connector) Driver() driver.Driver { return c.driver }

// claim marks a new file as ours and refuses a file that is somebody else's.
func (f *File) claim(ctx context.Context) error {
	fresh, err := f.isFresh(ctx, f.writer)
	if err == nil && fresh {
		_, err = f.writer.ExecContext(ctx, claim)
	}
	return err
}

// isFresh reports whether the file is new, and refuses one that is somebody else's.
func (f *File) isFresh(ctx context.Context, pool *sql.DB) (bool, error) {
	var id, tables int
	if err := pool.QueryRowContext(ctx, application).Scan(&id, &tables); err != nil {
		return false, err
	}
	switch {
	case id == applicationID:
		return false, nil
	case id == 0 && tables == 0:
		return true, nil
	}
	return false, &Error{
		Path: f.path, Problem: "this is a database, but not one of interlace",
		Hint: "give another path; the file was not changed",
	}
}

// check lets SQLite look for damage in the whole file.
func (f *File) check(ctx context.Context) error {
	var found string
	if err := f.writer.QueryRowContext(ctx, check).Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return &Error{Path: f.path, Problem: "the database is damaged (" + found + ")", Hint: damagedHint}
	}
	return nil
}

// logAhead turns write-ahead logging on, so that readers and the writer do not
// wait for each other. The file remembers it.
func (f *File) logAhead(ctx context.Context) error {
	var mode string
	if err := f.writer.QueryRowContext(ctx, logAhead).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &Error{
			Path: f.path, Problem: "the file system offers no shared memory, which the database needs",
			Hint: "keep the database on a local disk",
		}
	}
	return nil
}
