//go:build cgo

package database

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"fmt"

	"github.com/pressly/goose/v3"
)

var (
	//go:embed query/user_version.sql
	userVersion string
	//go:embed query/has_table.sql
	hasTable string
)

// table is the name of the table that keeps which migrations of the schema the
// file has had.
func (s Schema) table() string { return s.Name + "_migrations" }

// migrate brings the schema up to date, one migration and one transaction at a
// time, and checks and copies an existing file before each; tables that begin now
// hold nothing worth a copy. Another process may do the same at the same time: a
// migration that fails has not failed if it is done.
func (f *File) migrate(ctx context.Context, schema Schema) error {
	provider, err := schema.provider(f.writer)
	if err != nil {
		return err
	}
	for fresh := false; ; {
		version, known, err := f.versions(ctx, schema, f.writer, provider)
		if err != nil || version == known {
			return err
		}
		fresh = fresh || version == 0
		if !fresh {
			if err := f.secure(ctx, schema, version); err != nil {
				return err
			}
		}
		if _, failed := provider.UpByOne(ctx); failed != nil {
			if now, err := provider.GetDBVersion(ctx); err != nil || now == version {
				return fmt.Errorf("migrate the schema from version %d: %w", version, failed)
			}
		}
	}
}

// isCurrent refuses tables of a schema that are not as this program knows them, in a
// file that is only read.
func (f *File) isCurrent(ctx context.Context, schema Schema) error {
	var tables int
	if err := f.reader.QueryRowContext(ctx, hasTable, schema.table()).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return ErrUnwritten
	}
	provider, err := schema.provider(f.reader)
	if err != nil {
		return err
	}
	version, known, err := f.versions(ctx, schema, f.reader, provider)
	if err == nil && version < known {
		err = &Error{
			Path:    f.path,
			Problem: fmt.Sprintf("its schema is version %d, and this program reads version %d", version, known),
			Hint:    "the next command that writes there brings it up to date: restart interlace watch",
		}
	}
	return err
}

// provider returns what carries out the migrations of a schema, and knows which a
// file has had.
func (s Schema) provider(pool *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, s.Migrations, goose.WithTableName(s.table()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}

// secure checks and copies a file that is about to be migrated.
func (f *File) secure(ctx context.Context, schema Schema, version int64) error {
	if err := f.check(ctx); err != nil {
		return err
	}
	return f.Backup(ctx, fmt.Sprintf("%s.%s-%d.backup", f.path, schema.Name, version))
}

// versions returns the version of the schema in the file and the newest one that
// the migrations lead to, and refuses one that is newer. Where the file's header says
// it too, for the eyes of other programs, whichever is higher counts.
func (f *File) versions(ctx context.Context, schema Schema, pool *sql.DB, provider *goose.Provider) (version, known int64, err error) {
	var marked int64
	if schema.Header {
		if err := pool.QueryRowContext(ctx, userVersion).Scan(&marked); err != nil {
			return 0, 0, fmt.Errorf("read the version of the schema: %w", err)
		}
	}
	if version, known, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	if version = max(version, marked); version > known {
		return 0, 0, &Error{
			Path:    f.path,
			Problem: fmt.Sprintf("its schema is version %d, and this program knows versions up to %d", version, known),
			Hint:    "use the newer interlace that wrote it, or restore a backup made before; the file was not changed",
		}
	}
	return version, known, nil
}
