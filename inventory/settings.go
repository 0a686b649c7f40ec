package inventory

import (
	"strconv"
	"strings"
)

// Settings are the properties of an instance in which both ends of a pair or of
// a move must agree. An empty field is unknown.
type Settings struct {
	Version       string // Cyrus version, such as 3.6.1
	Separator     string // hierarchy separator, "." or "/"
	VirtDomains   string // off, userid or on
	Conversations string // yes or no
	Partitions    string // names sorted and separated by spaces
}

// Differences compares the settings of a master with those of its replica: how
// many disagree (partitions, separator, virtual domains, conversations, a Cyrus
// older than the master's), and whether all of them are known on both sides.
func (master Settings) Differences(replica Settings) (differ int, known bool) {
	known = true
	for _, pair := range [][2]string{
		{master.Separator, replica.Separator},
		{master.VirtDomains, replica.VirtDomains},
		{master.Conversations, replica.Conversations},
		{master.Partitions, replica.Partitions},
	} {
		switch {
		case pair[0] == "" || pair[1] == "":
			known = false
		case pair[0] != pair[1]:
			differ++
		}
	}
	switch {
	case master.Version == "" || replica.Version == "":
		known = false
	case olderVersion(replica.Version, master.Version):
		differ++
	}
	return differ, known
}

// olderVersion reports whether version a comes before b: by their numbers, as
// in 3.6.1; what follows the numbers (-4+deb12u5) does not count.
func olderVersion(a, b string) bool {
	x, y := numbers(a), numbers(b)
	for i := 0; i < max(len(x), len(y)); i++ {
		var p, q int
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		if p != q {
			return p < q
		}
	}
	return false
}

func numbers(version string) []int {
	end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		version = version[:end]
	}
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		out = append(out, n)
	}
	return out
}
