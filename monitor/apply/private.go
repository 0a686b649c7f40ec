package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path"
	"strings"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/course"
)

// account is how one instance logs in at the sync server of another.
type account struct {
	user     string
	password cyrus.Secret
}

// fileName stands for a unit in the names of files on servers.
func fileName(u *course.Unit) string {
	sum := sha256.Sum256([]byte(u.Plan + "\x00" + u.Name))
	return "interlace-" + hex.EncodeToString(sum[:6])
}

// own is the path of a file of the unit beside the instance's own.
func (h *host) own(extension string) string {
	return path.Join(h.settings["configdirectory"], h.unit+extension)
}

// write writes a file of the unit, readable for the instance's account alone.
func (h *host) write(ctx context.Context, extension, text string) (string, error) {
	if err := h.known(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, short)
	defer cancel()
	file := h.own(extension)
	_, err := h.run(ctx, h.server, "", "install", "-m", "0600", "--", "/dev/null", file)
	if err == nil {
		_, err = h.run(ctx, h.server, text, "dd", "of="+file, "status=none")
	}
	if err != nil {
		return "", fmt.Errorf("write %s on %s: %w", file, h.server, err)
	}
	return file, nil
}

// forget removes files of the unit.
func (h *host) forget(ctx context.Context, extensions ...string) error {
	if err := h.known(ctx); err != nil {
		return err
	}
	words := []string{"rm", "-f", "--"}
	for _, e := range extensions {
		words = append(words, h.own(e))
	}
	_, err := h.ask(ctx, short, words...)
	return err
}

// forgetAll removes all files of the unit.
func (h *host) forgetAll(ctx context.Context) error {
	if err := h.settle(ctx); err != nil {
		return err
	}
	if err := h.forget(ctx, ".conf", ".log"); err != nil {
		return err
	}
	return h.unlock(ctx)
}

// unlock removes the lock of the unit, which nobody may hold, as the last of its files.
func (h *host) unlock(ctx context.Context) error {
	if err := h.settle(ctx); err != nil {
		return err
	}
	_, err := h.locked(ctx, short, "", "rm", "-f", "--", h.own(".lock"))
	if h.settled = err == nil; err != nil {
		err = fmt.Errorf("remove %s on %s: %w", h.own(".lock"), h.server, err)
	}
	return err
}

// linkTo writes a configuration that includes the instance's own and leads to a sync
// server. It holds a password, and has to be forgotten again.
func (h *host) linkTo(ctx context.Context, csync string, as account) (*link, error) {
	at, port, err := net.SplitHostPort(csync)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the csync address %s is not host:port", inventory.Quoted(csync))
	case strings.ContainsFunc(as.user+string(as.password)+h.conf, unicode.IsControl):
		return nil, errors.New("the account of sync, or the path of imapd.conf, has control characters")
	}
	text := fmt.Sprintf("@include: %s\n%[2]s_sync_host: %[3]s\n%[2]s_sync_port: %[4]s\n%[2]s_sync_authname: %[5]s\n%[2]s_sync_password: %[6]s\n%[2]s_sync_try_imap: no\n",
		h.conf, channel, at, port, as.user, string(as.password))
	file, err := h.write(ctx, ".conf", text)
	if err != nil {
		return nil, err
	}
	return &link{host: h, conf: file, flags: []string{"-n", channel}}, nil
}

// letsIn logs in at the sync server of an instance from another one, and asks for a mailbox
// that does not exist. Where it can't, sync_client would try for ever.
func (o *Options) letsIn(ctx context.Context, from *host, to inventory.Instance) error {
	h := *from
	h.unit, h.settled = h.unit+"-asks", false // a run may be at work with the unit's own file
	l, err := h.linkTo(ctx, to.CSync, account{o.SyncUser, o.SyncPassword})
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	err = l.mailboxes(limited, false, []string{"interlace-asks"})
	if err != nil {
		err = fmt.Errorf("log in as %s at the sync server of %s, %s, from %s: it has to run, its sasldb has to have that user and password, and admins in imapd.conf that user: %w",
			inventory.Quoted(o.SyncUser), to.Server, to.CSync, from.server, err)
	}
	return errors.Join(err, h.forget(context.WithoutCancel(ctx), ".conf"), h.unlock(context.WithoutCancel(ctx)))
}
