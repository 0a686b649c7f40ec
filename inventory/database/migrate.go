//go:build cgo

package database

import (
	"context"
	_ "embed" // the query
	"fmt"

	"github.com/pressly/goose/v3"
)

//go:embed query/user_version.sql
var userVersion string

// table is the name of the table that keeps which migrations of the schema the
// file has had.
func (s Schema) table() string { return s.Name + "_migrations" }

// migrate brings the schema up to date, one migration and one transaction at a
// time, and checks and copies an existing file before each; tables that begin now
// hold nothing worth a copy. Another process may do the same at the same time: a
// migration that fails has not failed if it is done.
func (f *File) migrate(ctx context.Context, schema Schema) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, f.writer, schema.Migrations,
		goose.WithTableName(schema.table()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	for fresh := false; ; {
		version, known, err := f.versions(ctx, schema, provider)
		switch {
		case err != nil:
			return fmt.Errorf("read the version of the schema: %w", err)
		case version > known:
			return &Error{
				Path:    f.path,
				Problem: fmt.Sprintf("its schema is version %d, and this program knows versions up to %d", version, known),
				Hint:    "use the newer interlace that wrote it, or restore a backup made before; the file was not changed",
			}
		case version == known:
			return nil
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

// secure checks and copies a file that is about to be migrated.
func (f *File) secure(ctx context.Context, schema Schema, version int64) error {
	if err := f.check(ctx); err != nil {
		return err
	}
	return f.Backup(ctx, fmt.Sprintf("%s.%s-%d.backup", f.path, schema.Name, version))
}

// versions returns the version of the schema in the file and the newest one that
// the migrations lead to. Where the file's header says it too, for the eyes of
// other programs, whichever is higher counts.
func (f *File) versions(ctx context.Context, schema Schema, provider *goose.Provider) (version, known int64, err error) {
	var marked int64
	if schema.Header {
		if err := f.writer.QueryRowContext(ctx, userVersion).Scan(&marked); err != nil {
			return 0, 0, err
		}
	}
	version, known, err = provider.GetVersions(ctx)
	return max(version, marked), known, err
}
