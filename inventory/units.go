package inventory

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxValue is the largest value of a load, a capacity or a sum of loads: 2⁶⁰,
// an exbibyte. Seven copies of it still fit a 64-bit integer.
const MaxValue = 1 << 60

// MinCapacity is the smallest capacity that a server or a store may have in any
// resource but none at all: below it, ratios of loads to capacities would leave
// the range of float64.
const MinCapacity = 1e-6

// ValueError says why a text is not the value it should be.
type ValueError struct {
	Text string // such as: "12TB8" is not a size
	Hint string // what to do about it; may be empty
}

// Error returns the text.
func (e *ValueError) Error() string { return e.Text }

func valueError(value, text, hint string) error {
	return &ValueError{Text: Quoted(value) + " " + text, Hint: hint}
}

// sizeUnits are the suffixes of sizes, in the order in which messages name them.
var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"B", 1},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"PB", 1e15},
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"PiB", 1 << 50},
}

const sizeHint = "a size is a whole number of bytes or a decimal with B kB MB GB TB PB (1000) or KiB MiB GiB TiB PiB (1024), such as 400GB"

// ParseSize reads a size in bytes: an integer, or a decimal with a unit from
// B to PB (steps of 1000) or KiB to PiB (steps of 1024). The result is a whole
// number that a float64 holds exactly, at most [MaxValue]. The error is a
// [*ValueError].
func ParseSize(s string) (int64, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
	number, suffix := s[:digits], s[digits:]
	if suffix != "" {
		return parseWithUnit(s, number, suffix)
	}
	if strings.Contains(number, ".") && isDecimal(number) {
		return 0, valueError(s, "is not a whole number of bytes", sizeHint)
	}
	if !isDecimal(number) {
		return 0, notASize(s, number, suffix)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > MaxValue {
		return 0, tooLarge(s)
	}
	return exactSize(s, n)
}

func parseWithUnit(s, number, suffix string) (int64, error) {
	factor := int64(0)
	for _, unit := range sizeUnits {
		if unit.suffix == suffix {
			factor = unit.bytes
		}
	}
	if factor == 0 || !isDecimal(number) || len(number) > 60 {
		return 0, notASize(s, number, suffix)
	}
	value, _ := new(big.Rat).SetString(strings.Clone(number)) // cloned, or every text read would be kept on the heap
	value.Mul(value, new(big.Rat).SetInt64(factor))
	switch {
	case !value.IsInt():
		return 0, valueError(s, "is not a whole number of bytes", sizeHint)
	case !value.Num().IsInt64() || value.Num().Int64() > MaxValue:
		return 0, tooLarge(s)
	}
	return exactSize(s, value.Num().Int64())
}

func exactSize(s string, n int64) (int64, error) {
	if int64(float64(n)) != n {
		return 0, valueError(s, "is too fine: sizes above 8 PiB are multiples of a power of two", "write it with fewer digits")
	}
	return n, nil
}

func tooLarge(s string) error {
	return valueError(s, "is more than "+FormatSize(MaxValue)+", the largest value", "")
}

func notASize(s, number, suffix string) error {
	for _, unit := range sizeUnits {
		if isDecimal(number) && strings.EqualFold(unit.suffix, strings.TrimSpace(suffix)) {
			return valueError(s, "is not a size", "write "+number+unit.suffix)
		}
	}
	return valueError(s, "is not a size", sizeHint)
}

// FormatSize returns the shortest text that [ParseSize] reads as n: an integer
// with or without a unit.
func FormatSize(n int64) string {
	shortest := strconv.FormatInt(n, 10)
	for _, unit := range sizeUnits[1:] {
		if n == 0 || n%unit.bytes != 0 {
			continue
		}
		if text := strconv.FormatInt(n/unit.bytes, 10) + unit.suffix; len(text) <= len(shortest) {
			shortest = text
		}
	}
	return shortest
}

// ParseBandwidth reads a bandwidth: a size followed by "/s". The error is a
// [*ValueError].
func ParseBandwidth(s string) (int64, error) {
	size, ok := strings.CutSuffix(s, "/s")
	if !ok {
		return 0, valueError(s, "is not a bandwidth", "a bandwidth is a size with /s behind it, such as 125MB/s")
	}
	n, err := ParseSize(size)
	if err != nil {
		return 0, valueError(s, "is not a bandwidth", "a bandwidth is a size with /s behind it, such as 125MB/s")
	}
	if n == 0 {
		return 0, valueError(s, "is not above 0", "")
	}
	return n, nil
}

// FormatBandwidth returns the shortest text that [ParseBandwidth] reads as n.
func FormatBandwidth(n int64) string { return FormatSize(n) + "/s" }

// ParseNumber reads a decimal of at least 0 and at most [MaxValue]: no sign,
// exponent, underscore, leading zero, infinity or hexadecimal digit. The error
// is a [*ValueError].
func ParseNumber(s string) (float64, error) {
	if !isDecimal(s) {
		return 0, notANumber(s)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v > MaxValue {
		return 0, valueError(s, "is more than "+FormatNumber(MaxValue)+", the largest value", "")
	}
	return v, nil
}

// FormatNumber returns the shortest decimal that [ParseNumber] reads as v,
// which must be finite and at least 0.
func FormatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// ParseCount reads a whole number from 0 to 2³¹ − 1. The error is a
// [*ValueError].
func ParseCount(s string) (int, error) {
	if !isDecimal(s) || strings.Contains(s, ".") {
		return 0, valueError(s, "is not a whole number", wholeHint(s))
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > math.MaxInt32 {
		return 0, valueError(s, "is more than "+strconv.Itoa(math.MaxInt32)+", the largest whole number", "")
	}
	return int(n), nil
}

func wholeHint(s string) string {
	if trimmed := strings.TrimLeft(s, "0"); isDecimal(trimmed) && !strings.Contains(s, ".") {
		return "write " + trimmed
	}
	return "whole numbers are written with digits only, such as 40"
}

func notANumber(s string) error {
	const hint = "a number is a decimal without sign, exponent or unit, such as 0.85"
	if rest, ok := strings.CutPrefix(s, "-"); ok && isDecimal(rest) {
		return valueError(s, "is negative", "")
	}
	for _, meant := range []string{strings.TrimLeft(s, "0"), "0" + s, s + "0"} {
		if isDecimal(meant) && s != "" {
			return valueError(s, "is not a number", "write "+meant)
		}
	}
	return valueError(s, "is not a number", hint)
}

// isDecimal reports whether s is digits without leading zeros, optionally with
// a point and more digits.
func isDecimal(s string) bool {
	whole, fraction, point := s, "", false
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, fraction, point = s[:i], s[i+1:], true
	}
	if len(whole) > 1 && whole[0] == '0' {
		return false
	}
	return allDigits(whole) && (!point || allDigits(fraction))
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Parse reads a load or capacity in the resource: a size if its unit is bytes,
// else a number. The error is a [*ValueError].
func (r Resource) Parse(s string) (float64, error) {
	if r.Unit != UnitBytes {
		return ParseNumber(s)
	}
	n, err := ParseSize(s)
	return float64(n), err
}

// Format returns the shortest text that [Resource.Parse] reads as v, which must
// be valid in the resource.
func (r Resource) Format(v float64) string {
	if r.Unit != UnitBytes {
		return FormatNumber(v)
	}
	return FormatSize(int64(v))
}

// Valid reports whether v may be a load or capacity in the resource: from 0 to
// [MaxValue], and whole if the unit is bytes.
func (r Resource) Valid(v float64) bool {
	if !(v >= 0 && v <= MaxValue) || math.Signbit(v) {
		return false
	}
	return r.Unit != UnitBytes || v == math.Trunc(v)
}

// Quoted returns the text in quotes with everything escaped that does not
// print, cut after 60 characters.
func Quoted(s string) string { return strconv.Quote(cut(s)) }

// Printable returns a name as it is if one can see all of it, else quoted; cut
// after 60 characters.
func Printable(s string) string {
	s = cut(s)
	if s == "" || strings.TrimSpace(s) != s {
		return strconv.Quote(s)
	}
	for _, r := range s {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			return strconv.Quote(s)
		}
	}
	return s
}

func cut(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n == most {
			return strings.Clone(s[:i]) + "…"
		}
		n++
	}
	return strings.Clone(s)
}
