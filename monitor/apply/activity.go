package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

// activity is what the processes of a server show of an instance.
type activity struct {
	runs  bool // something of it runs
	sends bool // a rolling client does, as on a master
	// clients are the channels on which rolling clients work that name the instance's
	// imapd.conf as the inventory does, once for each of them.
	clients []string
	// stale are services that began before imapd.conf was changed last: they go by what it
	// said then.
	stale []string
}

// services are the programs that change mailboxes for their clients, and log that.
var services = []string{"imapd", "pop3d", "lmtpd", "timsieved", "httpd", "nntpd"}

// activity looks at the processes of the server.
func (h *host) activity(ctx context.Context) (*activity, error) {
	text, err := h.ask(ctx, short, "ps", "-A", "-ww", "-o", "etimes=,args=")
	if err != nil {
		return nil, fmt.Errorf("look at the processes of %s: %w", h.server, err)
	}
	var commands strings.Builder
	var clients []string
	ages := map[string]time.Duration{} // of the oldest of the instance's own services
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		seconds, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, fmt.Errorf("look at the processes of %s: ps prints %s", h.server, inventory.Quoted(words[0]))
		}
		command := strings.Join(words[1:], " ")
		commands.WriteString(command + "\n")
		name := strings.TrimSuffix(path.Base(words[1]), ":")
		own := processes.SeenIn(command, h.conf)
		switch {
		case own.Sends:
			clients = append(clients, channelIn(words))
		case own.Runs && slices.Contains(services, name):
			ages[name] = max(ages[name], time.Duration(seconds)*time.Second)
		}
	}
	seen := processes.SeenIn(commands.String(), h.conf)
	r := &activity{runs: seen.Runs, sends: seen.Sends, clients: clients}
	if !r.sends && len(seen.Others) > 0 {
		if r.sends, err = h.sameFile(ctx, seen.Others); err != nil {
			return nil, err
		}
	}
	if len(ages) > 0 {
		r.stale, err = h.stale(ctx, ages)
	}
	return r, err
}

// channelIn is the channel that a rolling client is told to work on.
func channelIn(words []string) string {
	if i := slices.Index(words, "-n"); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return defaultChannel
}

// sameFile reports whether one of these is the instance's imapd.conf by another name.
func (h *host) sameFile(ctx context.Context, others []string) (bool, error) {
	for _, other := range others {
		if !path.IsAbs(other) {
			return false, fmt.Errorf("a rolling sync_client on %s names its imapd.conf %s, which may be that of any instance", h.server, inventory.Quoted(other))
		}
	}
	text, err := h.ask(ctx, short, append([]string{"readlink", "-m", "--", h.conf}, others...)...)
	if err != nil {
		return false, err
	}
	real := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(real) != 1+len(others) {
		return false, fmt.Errorf("readlink on %s does not say what the rolling clients there read", h.server)
	}
	return slices.Contains(real[1:], real[0]), nil
}

// stale returns the services that began before imapd.conf was changed, to the second.
func (h *host) stale(ctx context.Context, ages map[string]time.Duration) ([]string, error) {
	text, err := h.ask(ctx, short, "stat", "-c", "%Y", "--", h.conf)
	if err != nil {
		return nil, err
	}
	changed, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("stat on %s: %w", h.server, err)
	}
	if text, err = h.ask(ctx, short, "date", "+%s"); err != nil {
		return nil, err
	}
	now, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("date on %s: %w", h.server, err)
	}
	var stale []string
	for name, age := range ages {
		if now-int64(age.Seconds())+1 < changed {
			stale = append(stale, name)
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// settles waits until the processes of an instance are as they should be, or says what they are like.
func (o *Options) settles(ctx context.Context, h *host, wrong func(*activity) string) error {
	return o.awaits(ctx, func(ctx context.Context) (string, error) {
		r, err := h.activity(ctx)
		if err != nil {
			return "", err
		}
		why := wrong(r)
		if why != "" {
			why = fmt.Sprintf("%s: %s on %s", why, h.conf, h.server)
		}
		return why, nil
	})
}

// awaits looks until nothing is wrong any more, for as long as an instance may take to start
// or to end, or says what is.
func (o *Options) awaits(ctx context.Context, look func(context.Context) (wrong string, err error)) error {
	if o.rehearsed {
		return nil // nothing was done that could come about
	}
	for begin := time.Now(); ; {
		why, err := look(ctx)
		switch {
		case err != nil:
			return err
		case why == "":
			return nil
		case time.Since(begin) > o.Layouts.settle():
			return errors.New(why)
		}
		if err := pause(ctx, time.Second/4); err != nil {
			return err
		}
	}
}

// pause waits for a while, or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
