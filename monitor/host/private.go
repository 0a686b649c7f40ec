package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Account is how one instance logs in at the sync server of another.
type Account struct {
	User     string
	Password cyrus.Secret
}

// FileName stands for a unit of a plan on servers: in the names of files, and in what those are
// told whom it keeps out.
func FileName(plan, unit string) string {
	sum := sha256.Sum256([]byte(plan + "\x00" + unit))
	return "interlace-" + hex.EncodeToString(sum[:6])
}

// Own is the path of a file of the unit beside the instance's own.
func (h *Host) Own(extension string) string {
	return path.Join(h.Settings["configdirectory"], h.Unit+extension)
}

// account returns by number who owns configdirectory: Cyrus's account, which its programs become
// where root runs them.
func (h *Host) account(ctx context.Context) (string, error) {
	if h.owner != "" {
		return h.owner, nil
	}
	text, err := h.ask(ctx, Short, "stat", "-L", "-c", "%u", "--", h.Settings["configdirectory"])
	if err != nil {
		return "", fmt.Errorf("look whose configdirectory of %s is on %s: %w", h.Conf, h.Server, err)
	}
	owner := strings.TrimSpace(text)
	if _, err := strconv.ParseUint(owner, 10, 32); err != nil {
		return "", fmt.Errorf("stat on %s: %w", h.Server, err)
	}
	h.owner = owner
	return owner, nil
}

// write writes a file of the unit, which the instance's account alone can read.
func (h *Host) write(ctx context.Context, extension, text string) (string, error) {
	if err := h.Know(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, Short)
	defer cancel()
	owner, err := h.account(ctx)
	if err != nil {
		return "", err
	}
	file := h.Own(extension)
	_, err = h.Run(ctx, h.Server, "", "install", "-m", "0600", "-o", owner, "--", "/dev/null", file)
	if err == nil {
		_, err = h.Run(ctx, h.Server, text, "dd", "of="+file, "status=none")
	}
	if err != nil {
		return "", fmt.Errorf("write %s on %s: %w", file, h.Server, err)
	}
	return file, nil
}

// Forget removes files of the unit, by their extensions.
func (h *Host) Forget(ctx context.Context, extensions ...string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	var files []string
	for _, e := range extensions {
		files = append(files, h.Own(e))
	}
	return h.Clear(ctx, files)
}

// Clear removes files of interlace's own, of whatever unit.
func (h *Host) Clear(ctx context.Context, files []string) error {
	_, err := h.ask(ctx, Short, slices.Concat([]string{"rm", "-f", "--"}, files)...)
	return err
}

// ForgetAll removes all files of the unit.
func (h *Host) ForgetAll(ctx context.Context) error {
	if err := h.Settle(ctx); err != nil {
		return err
	}
	if err := h.Forget(ctx, ".conf", ".log"); err != nil {
		return err
	}
	return h.Unlock(ctx)
}

// Unlock removes the lock of the unit, which nobody may hold, as the last of its files.
func (h *Host) Unlock(ctx context.Context) error {
	if err := h.Settle(ctx); err != nil {
		return err
	}
	_, err := h.locked(ctx, Short, "", "rm", "-f", "--", h.Own(".lock"))
	if h.settled = err == nil; err != nil {
		err = fmt.Errorf("remove %s on %s: %w", h.Own(".lock"), h.Server, err)
	}
	return err
}

// LinkTo writes a configuration that includes the instance's own and leads to a sync
// server. It holds a password, and has to be forgotten again.
func (h *Host) LinkTo(ctx context.Context, csync string, as Account) (*Link, error) {
	at, port, err := cyrus.SplitCSync(csync)
	switch {
	case err != nil:
		return nil, err
	case strings.ContainsFunc(as.User+string(as.Password)+h.Conf, unicode.IsControl):
		return nil, errors.New("the account of sync, or the path of imapd.conf, has control characters")
	}
	text := fmt.Sprintf("@include: %s\n%[2]s_sync_host: %[3]s\n%[2]s_sync_port: %[4]s\n%[2]s_sync_authname: %[5]s\n%[2]s_sync_password: %[6]s\n%[2]s_sync_try_imap: no\n",
		h.Conf, channel, at, port, as.User, string(as.Password))
	file, err := h.write(ctx, ".conf", text)
	if err != nil {
		return nil, err
	}
	return &Link{Host: h, Conf: file, Flags: []string{"-n", channel}}, nil
}

// LetsIn logs in at the sync server of another instance, and asks for a mailbox that does not
// exist. Where it can't, sync_client would try for ever.
func (h *Host) LetsIn(ctx context.Context, to inventory.Instance, as Account) error {
	asking := h.As(h.Unit + "-asks") // a run may be at work with the unit's own file
	l, err := asking.LinkTo(ctx, to.CSync, as)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, Greeting)
	defer cancel()
	err = l.Mailboxes(limited, false, []string{"interlace-asks"})
	if err != nil {
		err = fmt.Errorf("log in as %s at the sync server of %s, %s, from %s: it has to run, its sasldb has to have that user and password, and admins in imapd.conf that user: %w",
			inventory.Quoted(as.User), to.Server, to.CSync, h.Server, err)
	}
	return errors.Join(err, asking.Forget(context.WithoutCancel(ctx), ".conf"), asking.Unlock(context.WithoutCancel(ctx)))
}
