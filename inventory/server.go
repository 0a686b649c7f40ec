package inventory

// Unlimited stands for a number of slots without limit.
const Unlimited = -1

// Defaults of a server's transfers.
const (
	DefaultBandwidth = 125_000_000 // bytes per second
	DefaultTransfers = 2
)

// State is what the operator wants of a server or store.
type State string

// States. A server or store that drains is to end empty; a server that is down
// has failed already. Stores are never down.
const (
	Active State = "active"
	Drain  State = "drain"
	Down   State = "down"
)

// Server is a host that carries instances.
type Server struct {
	Name     ServerID
	Domains  map[Level]DomainID // labels by level, without the level "server"
	Slots    int                // room for instances, or Unlimited
	Capacity Load               // above 0 in every declared resource
	State    State

	Bandwidth int64 // bytes per second for copies, shared by the transfers; 0 means DefaultBandwidth
	Transfers int   // copies at once; 0 means DefaultTransfers
}

// Target reports whether the server may receive instances.
func (s *Server) Target() bool { return s.State == Active }

// TransferLimit returns how many copies may run at once on the server.
func (s *Server) TransferLimit() int {
	if s.Transfers == 0 {
		return DefaultTransfers
	}
	return s.Transfers
}

// BytesPerSecond returns the bandwidth of the server for copies.
func (s *Server) BytesPerSecond() int64 {
	if s.Bandwidth == 0 {
		return DefaultBandwidth
	}
	return s.Bandwidth
}
