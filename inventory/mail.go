package inventory

import "math"

// Mail is how much mail a store holds, as far as its users' counts are known.
type Mail struct {
	Messages  Count // of the users whose count is known
	Mailboxes Count
	Uncounted int // users of whom one of the two is not known
}

// StoreMail returns how much mail each store holds, by index in Stores.
func (inv *Inventory) StoreMail() []Mail {
	mail := make([]Mail, len(inv.Stores))
	index := inv.storeIndex()
	for i := range inv.Users {
		u := &inv.Users[i]
		if st, ok := index[u.Store]; ok {
			m := &mail[st]
			m.Messages = m.Messages.plus(u.Messages)
			m.Mailboxes = m.Mailboxes.plus(u.Mailboxes)
			if u.Messages == Unknown || u.Mailboxes == Unknown {
				m.Uncounted++
			}
		}
	}
	return mail
}

// plus adds a count, or nothing if that is unknown. What is too large to count is
// the largest number.
func (n Count) plus(m Count) Count {
	switch {
	case m == Unknown:
		return n
	case n > math.MaxInt64-m:
		return math.MaxInt64
	}
	return n + m
}
