// Package history keeps samples, findings, alerts and journals in the database.
//
// There are two files. What must not be lost (alerts, messages yet to be sent,
// positions in logs, what comparisons found, the audit of what was done to mail
// servers) lies in the
// database of the inventory, in tables of its own; what may be thrown away
// (samples) lies in a second file beside it:
//
//	h, err := history.Open(ctx, "interlace.db", history.Options{}) // and interlace-history.db
//
// The migrations of the two are in facts and samples, the queries in query.
// Time never comes from SQL.
package history
