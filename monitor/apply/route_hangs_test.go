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
	route, hangs := o.Route, true
	o.Route = func(ctx context.Context, routes []apply.Route) error {
		if hangs {
			hangs = false
			<-ctx.Done()
			return ctx.Err()
		}
		return route(ctx, routes)
	}
	begin := time.Now()
	if outcome, err := o.Carry(t.Context(), u, true); outcome != course.Back || time.Since(begin) > 30*time.Second {
		t.Errorf("%s after %v: %v", outcome, time.Since(begin), err)
	}
	r.look(t, "anna", 1, 0)
}
