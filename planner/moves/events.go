package moves

// event is the end of a step, or the time from which one may start.
type event struct {
	at     float64
	step   int32
	starts bool
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.step < o.step }

// events is a binary heap, the earliest event first.
type events []event

func (h *events) push(e event) {
	*h = append(*h, e)
	all := *h
	for i := len(all) - 1; i > 0; {
		up := (i - 1) / 2
		if !all[i].before(all[up]) {
			break
		}
		all[i], all[up] = all[up], all[i]
		i = up
	}
}

func (h *events) pop() event {
	all := *h
	top, last := all[0], len(all)-1
	all[0] = all[last]
	all = all[:last]
	*h = all
	for i := 0; ; {
		least := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < last && all[down].before(all[least]) {
				least = down
			}
		}
		if least == i {
			return top
		}
		all[i], all[least] = all[least], all[i]
		i = least
	}
}
