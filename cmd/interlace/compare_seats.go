package main

import (
	"context"
	"sync"

	"github.com/interlacemail/interlace/inventory"
)

// seats are the connections that servers have to give. One pair takes one at each
// of its two ends, both at once.
type seats struct {
	mu    sync.Mutex
	freed chan struct{} // closed and replaced when a place gets free
	most  int
	taken map[inventory.ServerID]int
}

func newSeats(most int) *seats {
	return &seats{freed: make(chan struct{}), most: most, taken: map[inventory.ServerID]int{}}
}

// take waits until both servers have a place. A server that is both has two at
// least.
func (p *seats) take(ctx context.Context, a, b inventory.ServerID) error {
	for {
		p.mu.Lock()
		p.taken[a]++
		p.taken[b]++
		if p.taken[a] <= p.room(a, b) && p.taken[b] <= p.room(a, b) {
			p.mu.Unlock()
			return nil
		}
		p.taken[a]--
		p.taken[b]--
		freed := p.freed
		p.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *seats) room(a, b inventory.ServerID) int {
	if a == b {
		return max(p.most, 2)
	}
	return max(p.most, 1)
}

func (p *seats) leave(a, b inventory.ServerID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[a]--
	p.taken[b]--
	close(p.freed)
	p.freed = make(chan struct{})
}
