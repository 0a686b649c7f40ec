// Package report turns results into tables and charts.
//
// A [Table] is rows of typed cells under named columns. One table is rendered
// as text ([Table.Text]), as CSV ([Table.CSV]) and as JSON ([Table.JSON]), so
// that two outputs never disagree. A [Screen] is what a person reads: lines,
// labelled facts and tables, one blank line between them. Each screen of the
// program is one function here that takes results and returns a screen; none
// of them computes.
//
// Values stay in base units until they are printed as text. There every column
// of sizes or quantities has one scale, figures have at most three significant
// digits, and what is not known is "–". CSV and JSON have the plain values:
// ratios between 0 and 1, bytes as whole numbers, seconds.
//
// Names come from strangers. Text shows their control bytes as \x1b, and CSV
// puts a ' before those that a spreadsheet would take for a formula.
package report
