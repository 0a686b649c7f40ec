// Package files reads and writes an inventory as YAML and CSV files.
//
// A fleet is one YAML file with large tables beside it as CSV, plain or
// compressed with gzip (name ends in .gz):
//
//	inv, notes, err := files.Read(ctx, "fleet.yaml")
//	err = files.Write("export", inv)
//
// Read never stops at the first mistake: its error is an [*Error] with every
// mistake in every file at its line and column, or, for the fleet file itself
// missing, the error of the operating system. Write followed by Read gives
// back the same inventory.
//
// The idea is one decoder for each table and two ways to feed it. A table is a
// list of columns, each with a function that reads a text into a row. CSV feeds
// it line by line, the header saying which column a cell belongs to; YAML feeds
// it mapping by mapping, nested keys written as columns (capacity, disk is
// capacity:disk). What a whole inventory must fulfil is not known here but in
// [inventory.Validate]; its findings are brought back to lines and columns. For
// CSV that means reading the lines in question once more, so that a good row
// costs no more than the number of its line.
//
// CSV is RFC 4180 with three restrictions that hostile and broken files ask
// for: a quoted field ends on its line, a line is at most 64 KiB long, and a
// quote stands only where a quoted field begins or ends. YAML has neither
// anchors nor aliases, tags, merge keys or several documents, and at most 8 MiB.
package files
