//go:build !cgo

package database

// SQLite is written in C. Without a C compiler the program would build and then
// fail at its first use of the database, so it does not build.
var _ = interlace_needs_a_C_compiler__install_gcc_or_set_CGO_ENABLED_1
