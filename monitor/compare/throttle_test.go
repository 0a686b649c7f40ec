package compare

import (
	"testing"
	"time"
)

func TestBackOff(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name             string
		first, now, want time.Duration
	}{
		{"as fast as ever", ms, ms, 0},
		{"many times slower, and still fast", ms, 40 * ms, 0},
		{"slow by nature", 200 * ms, 900 * ms, 0},
		{"slower than at first", 10 * ms, 100 * ms, 400 * ms},
		{"hardly alive", 10 * ms, time.Minute, 5 * time.Second},
	} {
		if got := backOff(c.first, c.now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// What a small command took at best counts, not what it took at first.
	slow := newThrottle(0)
	rests := func(took time.Duration) bool { slow.took(took); return slow.left(time.Now()) > 0 }
	if rests(300*ms) || rests(20*ms) || !rests(300*ms) {
		t.Error("a server that was slow at first is not seen to slow down again")
	}
	if left := slow.left(time.Now()); left < 500*ms || left > 1200*ms {
		t.Errorf("the other connections leave it alone for %v", left)
	}
	now := time.Now()
	if !slow.due(now) || slow.due(now.Add(measureEvery/2)) || !slow.due(now.Add(measureEvery)) {
		t.Error("the speed is not measured once in a while")
	}
}
