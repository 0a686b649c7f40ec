package host

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// channel is the name under which a private configuration leads to another instance.
const channel = "interlace"

// PerCommand is how many mailboxes one command names: a shell at the other end of a
// runner takes 128 KiB.
const PerCommand = 500

// Link leads from one instance to the sync server of another.
type Link struct {
	*Host
	Conf  string   // a private configuration, or the instance's own, which leads to its replica
	Flags []string // that choose the channel
}

// ToReplicas are the links from a master to its replicas: one for each channel that it
// logs for and that leads anywhere, and the default channel where there is none. What is
// logged for squatter reaches no replica.
func (h *Host) ToReplicas() []*Link {
	var links []*Link
	for _, name := range h.Channels() {
		switch {
		case name == "squatter", h.peer(name) == "":
		case name == DefaultChannel:
			links = append(links, &Link{Host: h, Conf: h.Conf})
		default:
			links = append(links, &Link{Host: h, Conf: h.Conf, Flags: []string{"-n", name}})
		}
	}
	if len(links) == 0 {
		links = []*Link{{Host: h, Conf: h.Conf}}
	}
	return links
}

// Users copies users. A copy that is the last one changes nothing here, and fails where
// the copy has become another.
func (l *Link) Users(ctx context.Context, last bool, users []inventory.UserID) error {
	var names []string
	for _, u := range users {
		names = append(names, string(u))
	}
	return l.sync(ctx, last, "-u", names)
}

// Mailboxes copies mailboxes of shared trees, by their names as an administrator sees them.
func (l *Link) Mailboxes(ctx context.Context, last bool, names []string) error {
	return l.sync(ctx, last, "-m", names)
}

func (l *Link) sync(ctx context.Context, last bool, what string, names []string) error {
	flags := slices.Concat(l.Flags, []string{"-v"})
	if last {
		flags = append(flags, "-O")
	}
	for some := range slices.Chunk(names, PerCommand) {
		out, err := l.change(ctx, long, nil, "sync_client", slices.Concat([]string{"-C", l.Conf}, flags, []string{what, "--"}, some)...)
		if err != nil {
			return err
		}
		if _, rest, found := strings.Cut(out, "Does not exist locally "); found { // with exit status 0
			user, _, _ := strings.Cut(rest, "\n")
			return fmt.Errorf("sync_client on %s: there is no user %s", l.Server, inventory.Printable(user))
		}
	}
	return nil
}

// Quotas copies the limits of quota roots, by their internal names: with shared trees they
// do not go along. They reach sync_client as a sync log, which names them as Cyrus does.
func (l *Link) Quotas(ctx context.Context, roots []string) error {
	if len(roots) == 0 {
		return nil
	}
	var text strings.Builder
	for _, root := range roots {
		text.WriteString(logged("QUOTA", root))
	}
	return l.workOff(ctx, text.String())
}

// ServerAnnotations copies the annotations of the server itself, on no mailbox, which go along
// with nobody.
func (l *Link) ServerAnnotations(ctx context.Context) error {
	return l.workOff(ctx, logged("ANNOTATION", ""))
}

// Removed has the other instance remove users, and mailboxes by their internal names, which are
// not here any more, as the sync log would have.
func (l *Link) Removed(ctx context.Context, users []inventory.UserID, mailboxes []cyrus.InternalName) error {
	var text strings.Builder
	for _, u := range users {
		text.WriteString(logged("UNUSER", string(u)))
	}
	for _, name := range mailboxes {
		text.WriteString(logged("UNMAILBOX", string(name)))
	}
	return l.workOff(ctx, text.String())
}

// logged is a line of a sync log.
func logged(what, name string) string {
	return fmt.Sprintf("%s \"%s\"\n", what, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name))
}

// workOff has sync_client do what a sync log says.
func (l *Link) workOff(ctx context.Context, text string) error {
	file, err := l.write(ctx, ".log", text)
	if err != nil {
		return err
	}
	defer l.Forget(context.WithoutCancel(ctx), ".log")
	_, err = l.change(ctx, long, nil, "sync_client", slices.Concat([]string{"-C", l.Conf}, l.Flags, []string{"-v", "-r", "-f", file})...)
	return err
}
