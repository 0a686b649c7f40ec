package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
)

// Run runs a program on a server, word by word, with the input as its standard input, and
// returns what it prints. The error tells what it complains of.
type Run func(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error)

// host is an instance with Cyrus's own programs for it. Those that change something run
// under a lock of the instance, so that what still runs from before is awaited.
type host struct {
	run    Run
	server inventory.ServerID
	tools  string // the directory of the programs
	conf   string // path of imapd.conf
	// settings are those of imapd.conf as Cyrus reads them, once read.
	settings map[string]string
}

// patience is how long a program waits for another one that works on the instance.
const patience = 10 * time.Minute

// read asks Cyrus for its settings.
func (h *host) read(ctx context.Context) error {
	text, err := h.run(ctx, h.server, "", h.tool("cyr_info"), "-C", h.conf, "conf-all")
	if err != nil {
		return fmt.Errorf("read %s on %s: %w", h.conf, h.server, err)
	}
	h.settings = map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found {
			h.settings[key] = strings.TrimSpace(value)
		}
	}
	if !path.IsAbs(h.settings["configdirectory"]) {
		return fmt.Errorf("read %s on %s: it does not say where configdirectory is", h.conf, h.server)
	}
	return nil
}

func (h *host) tool(name string) string { return path.Join(h.tools, name) }

// change runs one of Cyrus's programs that change something.
func (h *host) change(ctx context.Context, conf, tool string, arguments ...string) (string, error) {
	words := []string{"flock", "-w", strconv.Itoa(int(patience.Seconds())), path.Join(h.settings["configdirectory"], "interlace.lock"), h.tool(tool), "-C", conf}
	out, err := h.run(ctx, h.server, "", append(words, arguments...)...)
	if err != nil {
		return out, fmt.Errorf("%s on %s: %w", tool, h.server, err)
	}
	return out, nil
}

// deny ends all sessions of a user and lets nobody log in as that user; mail for the user
// is deferred.
func (h *host) deny(ctx context.Context, user inventory.UserID) error {
	_, err := h.change(ctx, h.conf, "cyr_deny", "-m", denial, "--", string(user))
	return err
}

// denial is what a user is told who tries to log in.
const denial = "the mailbox is being moved"

// allow takes a denial back.
func (h *host) allow(ctx context.Context, user inventory.UserID) error {
	_, err := h.change(ctx, h.conf, "cyr_deny", "-a", "--", string(user))
	return err
}

// denied returns the users who are denied everything.
func (h *host) denied(ctx context.Context) (map[inventory.UserID]bool, error) {
	text, err := h.run(ctx, h.server, "", h.tool("cyr_deny"), "-C", h.conf, "-l")
	if err != nil && strings.Contains(err.Error(), "failed to open deny db: No such file") {
		return nil, nil // nobody ever was
	}
	if err != nil {
		return nil, fmt.Errorf("list who is denied on %s: %w", h.server, err)
	}
	users := map[inventory.UserID]bool{}
	lines := strings.Split(text, "\n")
	for _, line := range lines[min(1, len(lines)):] { // the first holds the headings
		if user, rest, found := strings.Cut(line, " * "); found && strings.TrimSpace(rest) != "" {
			users[inventory.UserID(strings.TrimRight(user, " "))] = true
		}
	}
	return users, nil
}

// remove removes a user with everything, at once, also from the instance's replicas as
// soon as its sync log has been worked off.
func (h *host) remove(ctx context.Context, user inventory.UserID) error {
	_, err := h.change(ctx, h.conf, "sync_reset", "-f", "--", string(user))
	return err
}

// push copies users to the instance's own replica.
func (h *host) push(ctx context.Context, users ...inventory.UserID) error {
	return h.replicate(ctx, h.conf, users, "-v", "-u", "--")
}

// copyTo copies users to the instance that a private configuration leads to. A copy that
// is the last one changes nothing here, and fails where the copy has become another.
func (h *host) copyTo(ctx context.Context, private string, last bool, users ...inventory.UserID) error {
	flags := []string{"-n", channel, "-v", "-u", "--"}
	if last {
		flags = append([]string{"-O"}, flags...)
	}
	return h.replicate(ctx, private, users, flags...)
}

func (h *host) replicate(ctx context.Context, conf string, users []inventory.UserID, flags ...string) error {
	for _, user := range users {
		flags = append(flags, string(user))
	}
	out, err := h.change(ctx, conf, "sync_client", flags...)
	if err != nil {
		return err
	}
	if _, rest, found := strings.Cut(out, "Does not exist locally "); found { // with exit status 0
		user, _, _ := strings.Cut(rest, "\n")
		return fmt.Errorf("sync_client on %s: there is no user %s", h.server, inventory.Printable(user))
	}
	return nil
}

// channel is the name under which a private configuration leads to another instance.
const channel = "interlace"

// account is how one instance logs in at the sync server of another.
type account struct{ user, password string }

// private writes a configuration beside the instance's own, readable for its account
// alone, that leads to a sync server, and returns its path.
func (h *host) private(ctx context.Context, unit, csync string, as account) (string, error) {
	at, port, found := strings.Cut(csync, ":")
	switch {
	case !found:
		return "", fmt.Errorf("the csync address %s has no port", inventory.Quoted(csync))
	case strings.ContainsFunc(as.user+as.password+h.conf, unicode.IsControl):
		return "", errors.New("the account of sync, or the path of imapd.conf, has control characters")
	}
	sum := sha256.Sum256([]byte(unit))
	file := path.Join(h.settings["configdirectory"], "interlace-"+hex.EncodeToString(sum[:6])+".conf")
	text := fmt.Sprintf("@include: %s\n%[2]s_sync_host: %[3]s\n%[2]s_sync_port: %[4]s\n%[2]s_sync_authname: %[5]s\n%[2]s_sync_password: %[6]s\n%[2]s_sync_try_imap: no\n",
		h.conf, channel, at, port, as.user, as.password)
	if _, err := h.run(ctx, h.server, "", "install", "-m", "0600", "--", "/dev/null", file); err != nil {
		return "", fmt.Errorf("write a configuration on %s: %w", h.server, err)
	}
	if _, err := h.run(ctx, h.server, text, "dd", "of="+file, "status=none"); err != nil {
		return "", fmt.Errorf("write a configuration on %s: %w", h.server, err)
	}
	return file, nil
}

// forget removes a private configuration.
func (h *host) forget(ctx context.Context, file string) error {
	_, err := h.run(ctx, h.server, "", "rm", "-f", "--", file)
	return err
}
