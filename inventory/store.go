package inventory

import "slices"

// Role is what an instance does for its store.
type Role string

// Roles of an instance.
const (
	Master  Role = "master"
	Replica Role = "replica"
)

// Store is a mail store: what users are assigned to.
type Store struct {
	Name     StoreID
	Capacity Load // most that the users may weigh; 0 in a resource means unlimited
	Base     Load // the store's own load beside that of its users
	State    State
	Pinned   bool // its instances neither move nor change role
	Copies   int  // instances it should have; 0 means what the fleet says

	// Only limits the servers that may carry the store: by level, the domains
	// allowed there. Level "server" lists servers.
	Only map[Level][]DomainID

	// Instances, the master first, then the replicas in promotion order. Empty
	// for a store that is yet to be created.
	Instances []Instance
}

// Instance is one Cyrus of a store on one server.
type Instance struct {
	Server ServerID
	Role   Role

	IMAP      string // host:port of the IMAP service
	CSync     string // host:port of the sync server
	IMAPDConf string // path of imapd.conf on the server
	SyncDir   string // path of the sync directory on the server
	Log       string // path of the mail log on the server

	Settings Settings
}

// Master returns the master instance, or nil for a store that has none.
func (s *Store) Master() *Instance {
	if len(s.Instances) == 0 {
		return nil
	}
	return &s.Instances[0]
}

// Several reports whether the store has more than one replica.
func (s *Store) Several() bool { return len(s.Instances) > 2 }

// On returns the instance on the server, or nil.
func (s *Store) On(server ServerID) *Instance {
	for i := range s.Instances {
		if s.Instances[i].Server == server {
			return &s.Instances[i]
		}
	}
	return nil
}

// AllowedOn reports whether the store's limits let it have an instance on the server.
func (s *Store) AllowedOn(server *Server) bool {
	for level, names := range s.Only {
		d := server.Domain(level)
		if d.Level != level || !slices.Contains(names, DomainID(d.Name)) {
			return false
		}
	}
	return true
}

// Unlike returns in how many settings the store's instances on the other servers
// disagree with the one on the first, the master. Unknown settings agree, and so
// do instances that do not exist yet.
func (s *Store) Unlike(servers []ServerID) int {
	if len(servers) == 0 {
		return 0
	}
	total := 0
	master := s.On(servers[0])
	for _, server := range servers[1:] {
		if replica := s.On(server); master != nil && replica != nil {
			differ, _ := master.Settings.Differences(replica.Settings)
			total += differ
		}
	}
	return total
}
