package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// channel is the name under which a private configuration leads to another instance.
const channel = "interlace"

// perCommand is how many mailboxes one command names: a shell at the other end of a
// runner takes 128 KiB.
const perCommand = 500

// link leads from one instance to the sync server of another.
type link struct {
	*host
	conf  string   // a private configuration, or the instance's own, which leads to its replica
	flags []string // that choose the channel
}

// toReplicas are the links from a master to its replicas: one for each channel that it
// logs for and that leads anywhere, and the default channel where there is none. What is
// logged for squatter reaches no replica.
func (h *host) toReplicas() []*link {
	var links []*link
	for _, name := range h.channelsOf() {
		switch {
		case name == "squatter", h.peer(name) == "":
		case name == defaultChannel:
			links = append(links, &link{host: h, conf: h.conf})
		default:
			links = append(links, &link{host: h, conf: h.conf, flags: []string{"-n", name}})
		}
	}
	if len(links) == 0 {
		links = []*link{{host: h, conf: h.conf}}
	}
	return links
}

// users copies users. A copy that is the last one changes nothing here, and fails where
// the copy has become another.
func (l *link) users(ctx context.Context, last bool, users []inventory.UserID) error {
	var names []string
	for _, u := range users {
		names = append(names, string(u))
	}
	return l.sync(ctx, last, "-u", names)
}

// mailboxes copies mailboxes of shared trees, by their names as an administrator sees them.
func (l *link) mailboxes(ctx context.Context, last bool, names []string) error {
	return l.sync(ctx, last, "-m", names)
}

func (l *link) sync(ctx context.Context, last bool, what string, names []string) error {
	flags := slices.Concat(l.flags, []string{"-v"})
	if last {
		flags = append(flags, "-O")
	}
	for some := range slices.Chunk(names, perCommand) {
		out, err := l.change(ctx, long, nil, "sync_client", slices.Concat([]string{"-C", l.conf}, flags, []string{what, "--"}, some)...)
		if err != nil {
			return err
		}
		if _, rest, found := strings.Cut(out, "Does not exist locally "); found { // with exit status 0
			user, _, _ := strings.Cut(rest, "\n")
			return fmt.Errorf("sync_client on %s: there is no user %s", l.server, inventory.Printable(user))
		}
	}
	return nil
}

// quotas copies the limits of quota roots, by their internal names: with shared trees they
// do not go along. They reach sync_client as a sync log, which names them as Cyrus does.
func (l *link) quotas(ctx context.Context, roots []string) error {
	if len(roots) == 0 {
		return nil
	}
	var text strings.Builder
	for _, root := range roots {
		fmt.Fprintf(&text, "QUOTA \"%s\"\n", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(root))
	}
	file, err := l.write(ctx, ".log", text.String())
	if err != nil {
		return err
	}
	defer l.forget(context.WithoutCancel(ctx), ".log")
	_, err = l.change(ctx, long, nil, "sync_client", slices.Concat([]string{"-C", l.conf}, l.flags, []string{"-v", "-r", "-f", file})...)
	return err
}
