package synclag

import "github.com/interlacemail/interlace/monitor"

// thinned are every so manieth of the batches of a channel.
type thinned struct {
	kept  []monitor.Batch
	every int
	count int
}

// next reports whether the next batch is to be kept.
func (t *thinned) next() bool {
	t.count++
	return (t.count-1)%t.every == 0
}

// add keeps a batch. When there are twice as many as are wanted, every second
// goes, and from then on only half as many come.
func (t *thinned) add(b monitor.Batch, most int) {
	t.kept = append(t.kept, b)
	if len(t.kept) >= 2*most {
		t.halve()
		t.every *= 2
	}
}

func (t *thinned) halve() {
	half := t.kept[:0]
	for i := 0; i < len(t.kept); i += 2 {
		half = append(half, t.kept[i])
	}
	t.kept = half
}

// take returns what was kept, no more than wanted, and begins again. Where few
// came, more are kept from then on.
func (t *thinned) take(most int) []monitor.Batch {
	for len(t.kept) > most {
		t.halve()
	}
	list := t.kept
	if t.every > 1 && len(list) <= most/2 {
		t.every /= 2
	}
	t.kept, t.count = nil, 0
	return list
}
