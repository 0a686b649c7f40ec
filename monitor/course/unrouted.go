package course

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
)

// Unrouted are the users whom the route of a promotion has left where they were: the data of its
// record.
type Unrouted struct {
	// Unsure are those of whom it was not known whether they are on the store.
	Unsure []inventory.UserID `json:"unsure,omitempty"`
	// Denied are those who are denied there, and routed to what may mean another store, too.
	Denied []inventory.UserID `json:"denied,omitempty"`
}

// Denies says of those who are denied on a store what whoever lets them in again has to do.
func (u Unrouted) Denies(store inventory.StoreID) string {
	return fmt.Sprintf("%s denied there, and routed to the name of a server on which other stores are, too: that is left as it is, and whoever lets them in again on %s has to route them to its new master", Who(u.Denied), store)
}
