package inventory

// Nearest returns the candidate that the name was most likely meant to be: the
// one at the smallest edit distance (insertions, deletions, substitutions and
// swaps of neighbours; optimal string alignment), which is at most 2 and less
// than half of the name. Of equals it is the smallest. It returns "" if there
// is none, or if there are too many candidates to compare them all.
func Nearest[S ~string](name string, candidates []S) string {
	if len(name) > maxCompared || len(candidates) > maxCandidates {
		return ""
	}
	best, least := "", min(2, (len(name)-1)/2)+1
	for _, c := range candidates {
		candidate := string(c)
		if candidate == name || len(candidate) > maxCompared {
			continue
		}
		d := editDistance(name, candidate, least)
		if d < least || d == least && best != "" && candidate < best {
			best, least = candidate, d
		}
	}
	return best
}

const (
	maxCompared   = 128     // bytes of a name
	maxCandidates = 100_000 // names
)

// editDistance returns the distance of a and b, or a number above limit as soon
// as it is sure to pass it.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var rows [3][maxCompared + 1]int
	before, above, row := rows[0][:], rows[1][:], rows[2][:]
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return least
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
