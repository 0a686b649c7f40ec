package report

import (
	"math"

	"github.com/interlacemail/interlace/inventory"
)

// bars are the heights that a character can show.
var bars = []rune("▁▂▃▄▅▆▇█")

// spark draws values as bars, one a character, the lowest for nothing and for that
// alone, and the highest from full on; a dot stands for what nobody knows.
func spark(values []inventory.Number, full float64) string {
	drawn := make([]rune, len(values))
	for i, v := range values {
		drawn[i] = '·'
		if v.Known {
			drawn[i] = bars[height(v.Value, full)]
		}
	}
	return string(drawn)
}

// height is the bar of a value: the highest only for what reaches full.
func height(value, full float64) int {
	highest := len(bars) - 1
	switch {
	case value <= 0:
		return 0
	case value >= full:
		return highest
	}
	return min(highest-1, int(math.Ceil(value/full*float64(highest-1))))
}

// sparkWords says what the bars mean.
func sparkWords(each string, full float64) string {
	return "the most that the oldest entry waited in " + each + "; ▁ nothing waited, █ from " + inventory.DurationText(full) + " on, “·” nobody looked"
}
