package inventory

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// A version of Cyrus counts in its numbers, in the stage before a release, and
// between two releases in the commits since the last: 3.6.1, 3.8.0-beta1,
// 2.5.10-49-g2e214b4. What a packager adds does not count, and comes in many
// forms: v2.3.7-Invoca-RPM-2.3.7-12.el5, 3.6.1-Debian-3.6.1-4+deb12u5.
var versionForm = regexp.MustCompile(`^(?:v|git)?(\d{1,9}(?:\.\d{1,9})*)(?:-?(alpha|beta|rc)\.?(\d{0,9}))?(?:-(\d{1,9})-g[0-9a-f]{4,40}\b)?`)

// CyrusVersion returns the part of a version that counts, and false if the text
// is no version.
func CyrusVersion(text string) (string, bool) {
	found := versionForm.FindString(text)
	behind := text[len(found):]
	if found == "" || strings.HasPrefix(behind, ".") || len(behind) > 0 && behind[0] >= '0' && behind[0] <= '9' {
		return "", false
	}
	return strings.TrimPrefix(strings.TrimPrefix(found, "git"), "v"), true
}

// compareVersions compares two versions of Cyrus; known is false if one of the
// texts is none.
func compareVersions(a, b string) (order int, known bool) {
	a, isA := CyrusVersion(a)
	b, isB := CyrusVersion(b)
	if !isA || !isB {
		return 0, false
	}
	x, y := versionForm.FindStringSubmatch(a), versionForm.FindStringSubmatch(b)
	stages := map[string]int{"alpha": 1, "beta": 2, "rc": 3, "": 4}
	return cmp.Or(
		compareNumbers(strings.Split(x[1], "."), strings.Split(y[1], ".")),
		cmp.Compare(stages[x[2]], stages[y[2]]),
		compareNumbers(x[3:4], y[3:4]),
		compareNumbers(x[4:], y[4:]),
	), true
}

// compareNumbers compares number by number; one that is missing or empty is 0.
func compareNumbers(a, b []string) int {
	at := func(list []string, i int) int {
		if i >= len(list) || list[i] == "" {
			return 0
		}
		n, err := strconv.Atoi(list[i])
		if err != nil {
			panic(err) // the form lets nothing but short numbers through
		}
		return n
	}
	for i := range max(len(a), len(b)) {
		if order := cmp.Compare(at(a, i), at(b, i)); order != 0 {
			return order
		}
	}
	return 0
}
