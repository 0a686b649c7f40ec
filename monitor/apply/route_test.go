package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// Who is routed back is routed by the name that stood there before, whether a step is taken
// back or the whole move.
func TestRoutedBackByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	ctx := t.Context()
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "user.anna", Messages: 3}}))
	u := unit("anna", "s1", "s2", "anna")
	named, was := "mx-anna", ""
	options := func(j *journal) *apply.Options {
		o := r.options(j)
		o.Live.Named = func(context.Context, []inventory.UserID) (map[inventory.UserID]string, error) {
			return map[inventory.UserID]string{"anna": named}, nil
		}
		o.Route = func(_ context.Context, routes []apply.Route) error {
			was = string(routes[0].To.Server) + " as " + routes[0].Was
			return nil
		}
		return o
	}
	j := &journal{left: -1}
	for !strings.Contains(j.String(), "route done") {
		j.left = 1 // it is killed after each step
		if _, err := options(j).Carry(ctx, u, false); !errors.Is(err, errCrash) {
			t.Fatalf("%v\n%v", err, j)
		}
	}
	j.left, named = -1, "another"
	if outcome, err := options(j).Carry(ctx, u, true); outcome != apply.Back || was != r.Stores[0].Master().Name+" as mx-anna" {
		t.Errorf("%s, %v, routed to %s", outcome, err, was)
	}
	must(t, r.Settle(ctx)) // the replica follows
	j, named = &journal{left: -1}, "mx-anna"
	if outcome, err := options(j).Carry(ctx, u, false); outcome != apply.Moved || was != r.Stores[1].Master().Name+" as " {
		t.Fatalf("%s, %v, routed to %s\n%v", outcome, err, was, j)
	}
	named = "another"
	if outcome, err := options(j).Carry(ctx, &apply.Reverse(u)[0], false); outcome != apply.Moved || was != r.Stores[0].Master().Name+" as mx-anna" {
		t.Errorf("%s, %v, routed to %s\n%v", outcome, err, was, j)
	}
}
