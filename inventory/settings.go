package inventory

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
	if master.Version == "" || replica.Version == "" {
		return differ, false
	}
	order, comparable := compareVersions(replica.Version, master.Version)
	if order < 0 {
		differ++
	}
	return differ, known && comparable
}
