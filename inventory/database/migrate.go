//go:build cgo

package database

import (
	"context"
	_ "embed" // the query
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed query/user_version.sql
var userVersion string

// migrationsTable keeps which migrations of this package the file has had.
// Whoever else keeps tables in the file has a table of this kind of their own.
const migrationsTable = "inventory_migrations"

// migrate brings the schema up to date, one migration and one transaction at a
// time, and checks and copies an existing file before each. Another process may
// do the same at the same time: a migration that fails has not failed if it is
// done.
func (db *DB) migrate(ctx context.Context, migrations fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.writer, migrations,
		goose.WithTableName(migrationsTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	for {
		version, known, err := versions(ctx, db, provider)
		switch {
		case err != nil:
			return fmt.Errorf("read the version of the schema: %w", err)
		case version > known:
			return &Error{
				Path:    db.path,
				Problem: fmt.Sprintf("its schema is version %d, and this program knows versions up to %d", version, known),
				Hint:    "use the newer interlace that wrote it, or restore a backup made before; the file was not changed",
			}
		case version == known:
			return nil
		}
		if version > 0 {
			if err := db.secure(ctx, version); err != nil {
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

// secure checks and copies a file that is about to be migrated.
func (db *DB) secure(ctx context.Context, version int64) error {
	if err := db.check(ctx); err != nil {
		return err
	}
	return db.Backup(ctx, fmt.Sprintf("%s.schema-%d.backup", db.path, version))
}

// versions returns the version of the schema in the file and the newest one that
// the migrations lead to. The file's header says it too, for the eyes of other
// programs; whichever is higher counts.
func versions(ctx context.Context, db *DB, provider *goose.Provider) (version, known int64, err error) {
	var marked int64
	if err := db.writer.QueryRowContext(ctx, userVersion).Scan(&marked); err != nil {
		return 0, 0, err
	}
	version, known, err = provider.GetVersions(ctx)
	return max(version, marked), known, err
}
