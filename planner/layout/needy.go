package layout

import "container/heap"

// needy is a queue of the servers to relieve: those that break a rule in normal
// operation, then those that a failure makes break one, then those busier than the goal,
// the busiest first. A server may stand in it several times;
// where its score is no longer what it was when it was added, the entry is void.
type needy struct {
	*state
	goal    float64
	normal  bool // only those above ceilings or slots
	entries []need
}

type need struct {
	server int32
	score  serverScore
}

// queue returns the servers that need relief now.
func (s *search) queue() *needy {
	q := &needy{state: s.state, goal: s.goal, normal: s.normal}
	for server := range s.scores {
		if q.needs(int32(server)) {
			q.entries = append(q.entries, need{int32(server), s.scores[server]})
		}
	}
	heap.Init(q)
	return q
}

func (q *needy) needs(server int32) bool {
	if q.normal {
		return q.scores[server].overfull()
	}
	return q.scores[server].broken() || q.scores[server].peak > q.goal
}

// add puts the server into the queue if it needs relief.
func (q *needy) add(server int32) {
	if q.needs(server) {
		heap.Push(q, need{server, q.scores[server]})
	}
}

// next takes the neediest server off the queue; −1 if there is none.
func (q *needy) next() int32 {
	for len(q.entries) > 0 {
		if n := heap.Pop(q).(need); n.score == q.scores[n.server] {
			return n.server
		}
	}
	return -1
}

// Len, Less, Swap, Push and Pop are those of a [heap.Interface].
func (q *needy) Len() int      { return len(q.entries) }
func (q *needy) Swap(i, j int) { q.entries[i], q.entries[j] = q.entries[j], q.entries[i] }
func (q *needy) Push(x any)    { q.entries = append(q.entries, x.(need)) }

func (q *needy) Less(i, j int) bool {
	a, b := &q.entries[i], &q.entries[j]
	switch {
	case a.score.gravity() != b.score.gravity():
		return a.score.gravity() > b.score.gravity()
	case a.score.peak != b.score.peak:
		return a.score.peak > b.score.peak
	}
	return a.server < b.server
}

func (q *needy) Pop() any {
	last := q.entries[len(q.entries)-1]
	q.entries = q.entries[:len(q.entries)-1]
	return last
}
