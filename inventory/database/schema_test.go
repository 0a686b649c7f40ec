//go:build cgo

package database

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write schema.golden.sql anew")

func TestSchema(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	rows, err := db.reader.Query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all.WriteString(one + ";\n\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	got := all.String()
	if *update {
		if err := os.WriteFile("schema.golden.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.golden.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the schema is not that of schema.golden.sql; see the difference after go test -update; got:\n%s", got)
	}
}

// TestQueries prepares every query on the current schema.
func TestQueries(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	files, err := filepath.Glob("query/*.sql")
	if err != nil || len(files) < 30 {
		t.Fatalf("got %d files, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		statement, err := db.writer.Prepare(string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		statement.Close()
	}
}

// TestNoTimeFromSQL checks that no statement asks the database for the time,
// which tests and a wrong clock could not set right.
func TestNoTimeFromSQL(t *testing.T) {
	queries, err := filepath.Glob("query/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	migrations, err := filepath.Glob("schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(queries, migrations...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"current_time", "current_date", "'now'", "unixepoch", "datetime("} {
			if strings.Contains(strings.ToLower(string(text)), word) {
				t.Errorf("%s takes the time from SQL: %s", file, word)
			}
		}
	}
}

// TestSettings checks what the connections are set to, from the inside.
func TestSettings(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	for _, test := range []struct{ pragma, writer, reader string }{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", ""},
		{"foreign_keys", "1", ""},
		{"trusted_schema", "0", "0"},
		{"cell_size_check", "1", "1"},
		{"query_only", "0", "1"},
		{"busy_timeout", "200", "200"},
		{"application_id", "1229870156", "1229870156"},
		{"user_version", "1", "1"},
	} {
		var writer, reader string
		if err := db.writer.QueryRow("PRAGMA " + test.pragma).Scan(&writer); err != nil {
			t.Fatal(err)
		}
		if err := db.reader.QueryRow("PRAGMA " + test.pragma).Scan(&reader); err != nil {
			t.Fatal(err)
		}
		if writer != test.writer {
			t.Errorf("writer: got %s = %s, want %s", test.pragma, writer, test.writer)
		}
		if test.reader != "" && reader != test.reader {
			t.Errorf("reader: got %s = %s, want %s", test.pragma, reader, test.reader)
		}
	}
	if _, err := db.reader.Exec("DELETE FROM users"); err == nil {
		t.Error("a reader could write")
	}
}
