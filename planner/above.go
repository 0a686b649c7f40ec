package planner

// Above reports whether a utilisation is above a limit by more than the rounding
// of the division that it comes from: what fills a server exactly to its ceiling is
// not above it, though 2991.065 / 3518.9 is a little more than 0.85 in float64.
func Above(utilisation, limit float64) bool { return utilisation > limit*(1+rounding) }

// rounding is eight units in the last place of a float64.
const rounding = 0x1p-49
