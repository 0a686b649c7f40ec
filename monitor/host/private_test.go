package host_test

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/fixtures/needs"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
)

// asRoot runs a program as root, which Cyrus's own programs then are no longer.
func asRoot(ctx context.Context, input string, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	return string(out), err
}

// Cyrus's account, and nobody else, can use the files that are written for its programs, whether
// commands run as that or as root. Where a program says nothing of why it fails it is told where
// that stands.
func TestFilesAreCyrussOwn(t *testing.T) {
	needs.Root(t, "run commands as root")
	fleet := cyrustest.Run(t, cyrustest.StoreOptions{Name: "s1", Instances: []cyrustest.Settings{{}, {}}})
	in, ctx := fleet.Stores[0].Master(), t.Context()
	if err := in.Fill(ctx, []cyrustest.Mailbox{{Name: "team", Messages: 1, Quota: 1000}}); err != nil {
		t.Fatal(err)
	}
	for as, runs := range map[string]func(context.Context, string, ...string) (string, error){"cyrus": cyrustest.Program, "root": asRoot} {
		written, spoil := map[string]string{}, false
		run := func(ctx context.Context, _ inventory.ServerID, input string, words ...string) (string, error) {
			for _, file := range words {
				if !slices.Contains(words, "/usr/lib/cyrus/bin/sync_client") || !strings.Contains(file, "/interlace-test.") || strings.HasSuffix(file, ".lock") {
					continue
				}
				var err error
				if written[file[strings.LastIndex(file, "."):]], err = asRoot(ctx, "", "stat", "-c", "%U %a", "--", file); err != nil {
					t.Error(err)
				}
				if spoil && strings.HasSuffix(file, ".log") {
					if _, err := asRoot(ctx, "", "chown", "root", "--", file); err != nil {
						t.Error(err)
					}
				}
			}
			return runs(ctx, input, words...)
		}
		h := &host.Host{Run: run, Server: "imap1", Tools: "/usr/lib/cyrus/bin", Conf: in.Conf, Unit: "interlace-test"}
		l, err := h.LinkTo(ctx, fleet.Stores[0].Replicas()[0].Csync, host.Account{User: "repl", Password: cyrus.Secret(fleet.Password)})
		if err == nil {
			err = l.Quotas(ctx, []string{"team"})
		}
		if err != nil {
			t.Errorf("as %s: %v", as, err)
		}
		for _, file := range []string{".conf", ".log"} {
			if written[file] != "cyrus 600\n" {
				t.Errorf("as %s the file %s has %q", as, file, written[file])
			}
		}
		spoil = true
		if err := l.Quotas(ctx, []string{"team"}); err == nil || !strings.HasSuffix(err.Error(), "; why it failed stands in the mail log on imap1: as that it may not open a file there, or is not let in elsewhere") {
			t.Errorf("as %s: %v", as, err)
		}
		if err := h.ForgetAll(ctx); err != nil {
			t.Error(err)
		}
	}
}
