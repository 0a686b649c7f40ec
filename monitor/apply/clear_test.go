package apply_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// A copy is taken back from the replicas of its store too, where their sync log was not told:
// it could not be written, or the store has another master now, which had no copy to remove.
func TestCopyIsTakenBackFromReplicas(t *testing.T) {
	t.Parallel()
	r := anna(t)
	ctx := t.Context()
	to := r.Stores[1]
	must(t, r.Stores[0].Master().Fill(ctx, []cyrustest.Mailbox{{Name: "team", Messages: 2}}))
	r.inventory.Users = []inventory.User{{Name: "anna", Store: "s1"}, {Name: "team", Store: "s1", Kind: inventory.Shared}}
	defer func() { r.inventory.Users = nil }()
	u := unit("anna", "s1", "s2", "anna", "team")
	j := &journal{left: -1}
	o, fails := r.options(j), false
	o.Run = func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
		if fails && slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "/sync_reset") }) {
			return "", errors.New("the disk is full")
		}
		out, err := run(ctx, server, input, words...)
		if slices.Contains(words, to.Master().Conf) && slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "/sync_client") }) {
			fails, err = true, errors.New("the line is cut") // when the replica has its copy
		}
		return out, err
	}
	if outcome, err := o.Carry(ctx, u, false); outcome != course.Broken || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("%s, %v\n%v", outcome, err, j)
	}
	must(t, r.Settle(ctx))
	logs := filepath.Join(to.Master().Dir, "conf", "sync")
	must(t, os.MkdirAll(logs, 0o755))
	must(t, os.Rename(logs, logs+".away"))
	must(t, os.WriteFile(logs, nil, 0o600)) // so that nothing can be logged
	_, err := to.Master().Tool(ctx, "sync_reset", "-f", "anna")
	must(t, err)
	must(t, os.Remove(logs))
	must(t, os.Rename(logs+".away", logs))
	must(t, to.Replicas()[0].Fill(ctx, []cyrustest.Mailbox{{Name: "team"}})) // which went with the first attempt
	if left := talk(t, to.Replicas()[0], "", `LIST "" "*"`); !strings.Contains(left, "user.anna") || !strings.Contains(left, "team") {
		t.Fatalf("nothing is left on the replica: %s", left)
	}
	if outcome, err := r.options(j).Carry(ctx, u, false); outcome != course.Back || err != nil {
		t.Errorf("%s, %v\n%v", outcome, err, j)
	}
	for _, in := range to.Instances {
		if left := talk(t, in, "", `LIST "" "*"`); left != "" {
			t.Errorf("on %s there is %s", in.Name, left)
		}
	}
}
