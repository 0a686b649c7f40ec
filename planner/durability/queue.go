package durability

// event is something that ends: the outage of a server or a domain, or the
// re-seed of an instance.
type event struct {
	at   float64
	kind eventKind
	of   int32
}

type eventKind uint8

const (
	serverBack eventKind = iota
	domainBack
	seeded
)

// queue is a binary heap of events, the earliest first. container/heap would
// allocate for every event.
type queue []event

func (q *queue) push(e event) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 {
		above := (i - 1) / 2
		if h[above].at <= e.at {
			break
		}
		h[i] = h[above]
		i = above
	}
	h[i] = e
	*q = h
}

func (q *queue) pop() event {
	h := *q
	first, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	for i := 0; len(h) > 0; {
		below := 2*i + 1
		if below+1 < len(h) && h[below+1].at < h[below].at {
			below++
		}
		if below >= len(h) || last.at <= h[below].at {
			h[i] = last
			break
		}
		h[i] = h[below]
		i = below
	}
	*q = h
	return first
}
