package compare

import "gonum.org/v1/gonum/stat/distuv"

// confidence is that of what is said of all messages by a sample.
const confidence = 0.95

// mostDamaged returns the share of damaged messages that is not exceeded at our
// confidence, of a sample in which so many were: the exact upper limit of Clopper
// and Pearson (Biometrika 26, 1934).
func mostDamaged(damaged, checked int64) float64 {
	if damaged >= checked {
		return 1
	}
	return distuv.Beta{Alpha: float64(damaged + 1), Beta: float64(checked - damaged)}.Quantile(confidence)
}
