// Package database opens and migrates the database and keeps dated inventories in it.
//
// The database is one SQLite file:
//
//	db, err := database.Open(ctx, "interlace.db", database.Options{})
//	saved, err := db.Save(ctx, inv, now, "import fleet.yaml") // saved.Changes: what is new
//	snapshot, err := db.Load(ctx, time.Time{})                // the newest; or any date
//
// Every inventory saved is kept under its date. The last 8 are whole; older ones
// keep servers, stores and layout, and of the users only how many each store
// had and what they weighed together.
//
// The rows of all inventories lie in the same tables, each row once, with the
// first inventory in which it holds and the first in which it no longer does
// (the transaction time of temporal databases, Snodgrass 1999). Save compares
// the new inventory with the newest one and writes only what differs, in one
// transaction: whoever reads, or kills the process, finds the former inventory
// or the new one, whole.
//
// One connection writes, others read; the settings of both are in
// query/connect_writer.sql and query/connect_reader.sql and follow what
// SQLite's own documentation recommends for files that matter
// (https://sqlite.org/pragma.html). Time never comes from SQL. All SQL lies in
// schema (append only, one migration per file) and in query.
package database
