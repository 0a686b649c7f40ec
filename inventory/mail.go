package inventory

import "math"

// Mail is how much mail a store holds, as far as its users' counts are known.
type Mail struct {
	Messages  Count // Unknown if that of any of its users is
	Mailboxes Count
}

// StoreMail returns how much mail each store holds, by index in Stores.
func (inv *Inventory) StoreMail() []Mail {
	mail := make([]Mail, len(inv.Stores))
	index := inv.storeIndex()
	for i := range inv.Users {
		u := &inv.Users[i]
		if st, ok := index[u.Store]; ok {
			mail[st].Messages = mail[st].Messages.plus(u.Messages)
			mail[st].Mailboxes = mail[st].Mailboxes.plus(u.Mailboxes)
		}
	}
	return mail
}

// plus adds up counts: with an unknown one the sum is unknown, and what is too
// large to count is the largest number.
func (n Count) plus(m Count) Count {
	switch {
	case n == Unknown || m == Unknown:
		return Unknown
	case n > math.MaxInt64-m:
		return math.MaxInt64
	}
	return n + m
}
