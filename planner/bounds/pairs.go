package bounds

// pairs counts the pairs of servers that share stores.
type pairs struct {
	most     int              // partners that a server may have; 0 means any number, and nothing is counted
	stores   map[[2]int32]int // that a pair shares
	partners []int            // by server
	over     int              // servers with more partners than they may have
}

func newPairs(most, servers int) pairs {
	return pairs{most: most, stores: map[[2]int32]int{}, partners: make([]int, servers)}
}

// put adds a store on the list of sites (sign 1) or takes it away (sign −1).
func (p *pairs) put(list []int32, sign int) {
	if p.most == 0 {
		return
	}
	for i, a := range list {
		for _, b := range list[:i] {
			if a == b {
				continue
			}
			key := [2]int32{min(a, b), max(a, b)}
			before := p.stores[key]
			p.stores[key] = before + sign
			if before == 0 || before+sign == 0 {
				p.meet(a, sign)
				p.meet(b, sign)
			}
		}
	}
}

// meet gives the server a partner, or with sign −1 takes one away.
func (p *pairs) meet(server int32, sign int) {
	if p.partners[server] > p.most {
		p.over--
	}
	if p.partners[server] += sign; p.partners[server] > p.most {
		p.over++
	}
}
