package rules

import (
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// alike: the instances of a store agree with its master in partitions,
// separator, virtual domains and conversations, and a replica's Cyrus is not
// older than the master's. What is unknown is not a violation but a warning.
func alike(s *state) []planner.Violation {
	var broken []planner.Violation
	unknown := 0
	for i := range s.inv.Stores {
		st := &s.inv.Stores[i]
		if len(st.Instances) < 2 {
			continue
		}
		for _, in := range st.Instances[1:] {
			differ, known := Alike(st.Instances[0].Settings, in.Settings)
			if !known {
				unknown++
			}
			if differ > 0 {
				broken = append(broken, planner.Violation{
					Rule: planner.Alike, Subject: planner.StoreSubject(st.Name), Store: planner.Text(st.Name), Server: planner.Text(in.Server),
					Value: count(differ), Limit: count(0),
				})
			}
		}
	}
	if unknown > 0 {
		s.warn(planner.Alike, "", "versions and settings of %d replicas or their masters are not known, so it is not known whether they agree", unknown)
	}
	return broken
}

// Alike compares the settings of a master with those of its replica. It returns
// in how many they differ and whether all of them are known on both sides.
func Alike(master, replica inventory.Settings) (differ int, known bool) {
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
