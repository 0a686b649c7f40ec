package apply_test

import (
	"context"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
)

// A hook that hangs once on the way back, where nobody can be asked who is routed where, keeps
// users out for a part of max_denied only.
func TestHookHangsOnTheWayBack(t *testing.T) {
	t.Parallel()
	r, u := anna(t), unit("anna", "s1", "s2", "anna")
	j := r.killedAfter(t, u, monitor.StepRoute)
	o := r.options(j)
	o.Denied = time.Minute
	route := o.Route
	var hung, again time.Time
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if hung.IsZero() {
			hung = time.Now()
			<-ctx.Done()
			return ctx.Err()
		}
		again = time.Now()
		return route(ctx, routes)
	}
	if outcome, err := o.Carry(t.Context(), u, true); outcome != course.Back || again.IsZero() || again.Sub(hung) > 30*time.Second {
		t.Errorf("%s, routed %v after it hung: %v", outcome, again.Sub(hung), err)
	}
	r.look(t, "anna", 1, 0)
}
