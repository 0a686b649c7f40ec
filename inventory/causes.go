package inventory

import (
	"slices"
	"strings"
)

// OneLine returns what errors say that were joined, in one line: causes with a
// semicolon between, and of those that several have each once.
func OneLine(err error) string {
	var causes []string
	heads := map[string][]string{}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		head, cause := "", line
		if at := strings.LastIndex(line, ": "); at >= 0 {
			head, cause = line[:at], line[at:]
		}
		if _, known := heads[cause]; !known {
			causes = append(causes, cause)
		}
		if !slices.Contains(heads[cause], head) {
			heads[cause] = append(heads[cause], head)
		}
	}
	for i, cause := range causes {
		causes[i] = strings.Join(heads[cause], ", ") + cause
	}
	return strings.Join(causes, "; ")
}
