package simulate

import (
	"slices"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// DefaultRecovery returns what is assumed of a fleet of which nothing else is
// said: half an hour until people are served again, and what one sync_client of
// Cyrus 3.6 was measured to copy over a local network.
func DefaultRecovery() planner.Recovery {
	return planner.Recovery{DetectSeconds: 5 * 60, DecideSeconds: 15 * 60, PromoteSeconds: 10 * 60, MessageRate: 300, MailboxRate: 200}
}

// measureRecovery says how long the outage is felt: until the stores that fail
// over serve again, and until every copy that failed is made anew.
//
// Copies are read from the server that serves the store after the failure, with
// that server's bandwidth and transfers (see [copying.seconds]). Which servers
// receive them no plan says, so they are not counted, as if they were as many and
// as fast as needed: no choice of them takes less, and any may take longer. Stores
// that are offline get their copies back with their servers and are not counted.
func (s *Simulator) measureRecovery(o *outage, impact *planner.Impact) {
	if len(o.promoted) > 0 {
		impact.ServiceSeconds = planner.Known(s.Recovery.ServiceSeconds())
	}
	if s.all.reads == nil {
		s.all.reads, s.risk.reads = make([]reading, len(s.fleet.Capacity)), make([]reading, len(s.fleet.Capacity))
	}
	for _, l := range s.lostCopies(o) {
		source := load.Master(s.layout[l.store], s.failed)
		if source < 0 {
			continue
		}
		one := s.seedOf(l.store)
		alone := s.secondsAlone(source, one)
		s.all.add(source, alone, l.copies, one.partly)
		if s.copiesLeft(l.store) == 1 {
			impact.StoresOneCopy++
			s.risk.add(source, alone, 1, one.partly)
		}
	}
	impact.RestoreLeastSeconds, impact.RestoreSeconds = s.told(&s.all, 0)
	impact.AtRiskLeastSeconds, impact.AtRiskSeconds = planner.Known(0), planner.Known(0)
	if impact.StoresOneCopy > 0 {
		impact.AtRiskLeastSeconds, impact.AtRiskSeconds = s.told(&s.risk, s.Recovery.ServiceSeconds())
	}
}

// told returns the time below which the copying does not end after a delay, and the
// same once more if all of it is known. It leaves nothing to copy.
func (s *Simulator) told(c *copying, delay float64) (least, known planner.Number) {
	least = planner.Known(delay + c.seconds(s.fleet.Inventory.Servers))
	if !c.partly {
		known = least
	}
	c.clear()
	return least, known
}

// lost is how many copies of a store a failure takes.
type lost struct {
	store  int32
	copies int
}

// lostCopies returns the stores with instances on servers that fail, ascending.
func (s *Simulator) lostCopies(o *outage) []lost {
	carries := s.carriedBy()
	s.stores = s.stores[:0]
	for _, server := range o.servers {
		s.stores = append(s.stores, carries[server]...)
	}
	slices.Sort(s.stores)
	list := make([]lost, 0, len(s.stores))
	for _, store := range s.stores {
		if n := len(list); n > 0 && list[n-1].store == store {
			list[n-1].copies++
			continue
		}
		list = append(list, lost{store, 1})
	}
	return list
}

// carriedBy returns the stores with an instance on each server, ascending.
func (s *Simulator) carriedBy() [][]int32 {
	if s.carries != nil {
		return s.carries
	}
	s.carries = make([][]int32, len(s.fleet.Capacity))
	for store, sites := range s.layout {
		for i, server := range sites {
			if !slices.Contains(sites[:i], server) {
				s.carries[server] = append(s.carries[server], int32(store))
			}
		}
	}
	return s.carries
}

// copiesLeft returns on how many servers that are up the store has an instance.
func (s *Simulator) copiesLeft(store int32) int {
	n := 0
	for i, server := range s.layout[store] {
		if !s.failed[server] && !slices.Contains(s.layout[store][:i], server) {
			n++
		}
	}
	return n
}

// seed is what one copy of a store consists of.
type seed struct {
	bytes, messages, mailboxes float64
	partly                     bool // some messages or mailboxes are not known and not counted
}

func (s *Simulator) seedOf(store int32) seed {
	m := s.mailOf()[store]
	return seed{
		bytes: float64(s.fleet.DiskBytes(int(store))), messages: float64(m.Messages), mailboxes: float64(m.Mailboxes),
		partly: m.Uncounted > 0,
	}
}

// mailOf returns how much mail each store holds.
func (s *Simulator) mailOf() []inventory.Mail {
	if s.mail == nil {
		s.mail = s.fleet.Inventory.StoreMail()
	}
	return s.mail
}

// Warnings tells of users whose messages or mailboxes are not known, on which the
// time of copying depends.
func (s *Simulator) Warnings() []planner.Warning {
	n := 0
	for _, m := range s.mailOf() {
		n += m.Uncounted
	}
	if n == 0 {
		return nil
	}
	return []planner.Warning{{Text: "the number of messages or mailboxes of " + inventory.Counted(n, "user", "users") +
		" is not known: to copy their stores may take longer than is said"}}
}

// copying is what servers read to make copies anew.
type copying struct {
	reads   []reading // by server
	readers []int32
	partly  bool // some messages or mailboxes are not known
}

// reading is how long one transfer takes for all that a server reads, and for the
// store that takes it longest.
type reading struct{ all, longest float64 }

// add lets the server read a store, for which one transfer takes so long, for so
// many copies.
func (c *copying) add(server int32, alone float64, copies int, partly bool) {
	r := &c.reads[server]
	if *r == (reading{}) {
		c.readers = append(c.readers, server)
	}
	r.all += float64(copies) * alone
	r.longest = max(r.longest, alone)
	c.partly = c.partly || partly
}

// secondsAlone returns how long one transfer of the server takes for a copy. It has
// its part of the bandwidth, and gets through so many messages and mailboxes a
// second whatever that is: the slowest of them counts.
func (s *Simulator) secondsAlone(server int32, one seed) float64 {
	from := &s.fleet.Inventory.Servers[server]
	bandwidth := float64(from.BytesPerSecond()) / float64(from.TransferLimit())
	return max(one.bytes/bandwidth, one.messages/s.Recovery.MessageRate, one.mailboxes/s.Recovery.MailboxRate)
}

// seconds returns a time below which the copying does not end: on each server all
// transfers are busy until the end at best, and the longest store takes one of them
// its time. The longest of all counts.
func (c *copying) seconds(servers []inventory.Server) float64 {
	longest := 0.0
	for _, server := range c.readers {
		read := &c.reads[server]
		longest = max(longest, read.all/float64(servers[server].TransferLimit()), read.longest)
	}
	return longest
}

func (c *copying) clear() {
	for _, server := range c.readers {
		c.reads[server] = reading{}
	}
	c.readers, c.partly = c.readers[:0], false
}
