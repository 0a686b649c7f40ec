package host_test

import (
	"context"
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// That files of subscriptions can't be read is told, and is not that there are none.
func TestSubscriptionsUnread(t *testing.T) {
	down := errors.New("no route to host")
	h := &host.Host{Server: "imap1", Run: func(_ context.Context, _ inventory.ServerID, _ string, words ...string) (string, error) {
		if path.Base(words[0]) == "mbpath" {
			return `{"mbname": {"userid": "anna"}, "user": {"sub": "/var/lib/cyrus/user/a/anna.sub"}}`, nil
		}
		return "", down
	}}
	if sums, err := h.Subscriptions(t.Context(), []inventory.UserID{"anna"}); !errors.Is(err, down) || !strings.Contains(err.Error(), "imap1") || sums != nil {
		t.Errorf("%v, %v", sums, err)
	}
}
