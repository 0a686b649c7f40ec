package inventory

import (
	"fmt"
	"math"
	"strconv"
)

// DurationText returns a duration with two units: 31 h 20 m.
func DurationText(seconds float64) string {
	switch {
	case seconds > 0 && seconds < 0.0005:
		return "<1 ms"
	case seconds > 0 && seconds < 0.9995:
		return strconv.FormatFloat(seconds*1000, 'f', 0, 64) + " ms"
	case seconds < 10 && seconds != math.Trunc(seconds):
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	s := int64(math.Round(seconds))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return twoUnits(s/60, "m", s%60, "s")
	case s < 100*3600:
		return twoUnits(s/3600, "h", s%3600/60, "m")
	}
	return twoUnits(s/86400, "d", s%86400/3600, "h")
}

func twoUnits(large int64, unit string, small int64, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, unit)
	}
	return fmt.Sprintf("%d %s %d %s", large, unit, small, smallUnit)
}
