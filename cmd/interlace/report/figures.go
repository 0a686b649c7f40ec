package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Rounded returns a count for a headline: exact below a million, then with
// three significant digits.
func Rounded[N ~int | ~int64](n N) string {
	if n < 1_000_000 {
		return inventory.CountText(n)
	}
	s := chooseScale(decimalScales, float64(n))
	return s.text(float64(n)) + " " + s.name
}

// mostPercent is the largest percentage that is told; whoever reads more than
// that has a capacity next to nothing.
const mostPercent = 1e9

// PercentText returns the ratio in percent: 61.2 %, 118 %.
func PercentText(ratio float64) string {
	percent := ratio * 100
	if percent > mostPercent {
		return ">" + strconv.FormatFloat(mostPercent, 'g', -1, 64) + " %"
	}
	if math.Abs(percent) >= 99.95 {
		return strconv.FormatFloat(percent, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
}

// BytesText returns a size with three significant digits: 41.2 TiB.
func BytesText[N ~int64 | ~float64](n N) string {
	s := chooseScale(binaryScales, float64(n))
	return s.text(float64(n)) + " " + s.name
}

// scale is a unit prefix and a number of decimals.
type scale struct {
	name     string
	factor   float64
	decimals int
	fine     bool // values below 1 keep three digits: 0.0254
}

var binaryScales = []scale{
	{name: "B", factor: 1},
	{name: "KiB", factor: 1 << 10},
	{name: "MiB", factor: 1 << 20},
	{name: "GiB", factor: 1 << 30},
	{name: "TiB", factor: 1 << 40},
	{name: "PiB", factor: 1 << 50},
}

// noScales are those of figures in units that take no prefix, such as ms/s.
var noScales = []scale{{factor: 1}}

var decimalScales = []scale{
	{name: "", factor: 1},
	{name: "k", factor: 1e3},
	{name: "M", factor: 1e6},
	{name: "G", factor: 1e9},
}

// chooseScale returns the scale in which the largest value has at most three
// digits before the point, with as many decimals as make three digits in all.
func chooseScale(scales []scale, largest float64) scale {
	largest = math.Abs(largest)
	s := scales[0]
	for _, next := range scales[1:] {
		if largest/s.factor < 999.5 {
			break
		}
		s = next
	}
	switch scaled := largest / s.factor; {
	case scaled >= 99.95 || s.factor == 1 && largest == math.Trunc(largest):
		s.decimals = 0
	case scaled >= 9.995:
		s.decimals = 1
	default:
		s.decimals = 2
	}
	return s
}

// mostFine is the most decimals of a value that keeps three digits.
const mostFine = 6

// text returns the value in the scale. A value that is not zero is not shown as zero.
func (s scale) text(v float64) string {
	if scaled := v / s.factor; s.fine && scaled > 0 && scaled < 1 {
		s.decimals = min(2-int(math.Floor(math.Log10(scaled))), mostFine)
	}
	smallest := math.Pow10(-s.decimals)
	if v > 0 && v/s.factor <= smallest/2 {
		return "<" + strconv.FormatFloat(smallest, 'f', s.decimals, 64)
	}
	whole, rest, fraction := strings.Cut(strconv.FormatFloat(v/s.factor, 'f', s.decimals, 64), ".")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil && n >= 1000 {
		whole = inventory.CountText(n)
	}
	if fraction {
		whole += "." + rest
	}
	return whole
}

// significant rounds to twelve significant digits: what differs behind them is
// noise of the arithmetic.
func significant(v float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	if err != nil {
		return v // not a number
	}
	return rounded
}

// barText draws the ratio with 20 characters for one, in steps of an eighth.
func barText(ratio float64) string {
	const whole = 20
	eighths := int(math.Round(min(max(ratio, 0), 1.5) * whole * 8))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}
