package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

// Activity is what the processes of a server show of an instance.
type Activity struct {
	Runs  bool // something of it runs
	Sends bool // a rolling client does, as on a master
	// Age is how long the oldest of its other processes has run, to the second.
	Age time.Duration
	// Clients are the channels on which rolling clients work that name the instance's
	// imapd.conf as the inventory does, once for each of them.
	Clients []string
	// Stale are services that began before imapd.conf was changed last: they go by what it
	// said then.
	Stale []string
}

// services are the programs that change mailboxes for their clients, and log that.
var services = []string{"imapd", "pop3d", "lmtpd", "timsieved", "httpd", "nntpd"}

// Activity looks at the processes of the server.
func (h *Host) Activity(ctx context.Context) (*Activity, error) {
	text, err := h.ask(ctx, Short, "ps", "-A", "-ww", "-o", "etimes=,args=")
	if err != nil {
		return nil, fmt.Errorf("look at the processes of %s: %w", h.Server, err)
	}
	var commands strings.Builder
	var clients []string
	var oldest time.Duration
	ages := map[string]time.Duration{} // of the oldest of the instance's own services
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		seconds, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, fmt.Errorf("look at the processes of %s: ps prints %s", h.Server, inventory.Quoted(words[0]))
		}
		command := strings.Join(words[1:], " ")
		commands.WriteString(command + "\n")
		name := strings.TrimSuffix(path.Base(words[1]), ":")
		own := processes.SeenIn(command, h.Conf)
		if own.Runs && !own.Sends {
			oldest = max(oldest, time.Duration(seconds)*time.Second)
		}
		switch {
		case own.Sends:
			clients = append(clients, channelIn(words))
		case own.Runs && slices.Contains(services, name):
			ages[name] = max(ages[name], time.Duration(seconds)*time.Second)
		}
	}
	seen := processes.SeenIn(commands.String(), h.Conf)
	r := &Activity{Runs: seen.Runs, Sends: seen.Sends, Age: oldest, Clients: clients}
	if !r.Sends && len(seen.Others) > 0 {
		if r.Sends, err = h.sameFile(ctx, seen.Others); err != nil {
			return nil, err
		}
	}
	if len(ages) > 0 {
		r.Stale, err = h.stale(ctx, ages)
	}
	return r, err
}

// channelIn is the channel that a rolling client is told to work on.
func channelIn(words []string) string {
	if i := slices.Index(words, "-n"); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return DefaultChannel
}

// sameFile reports whether one of these is the instance's imapd.conf by another name.
func (h *Host) sameFile(ctx context.Context, others []string) (bool, error) {
	for _, other := range others {
		if !path.IsAbs(other) {
			return false, fmt.Errorf("a rolling sync_client on %s names its imapd.conf %s, which may be that of any instance", h.Server, inventory.Quoted(other))
		}
	}
	text, err := h.ask(ctx, Short, append([]string{"readlink", "-m", "--", h.Conf}, others...)...)
	if err != nil {
		return false, err
	}
	real := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(real) != 1+len(others) {
		return false, fmt.Errorf("readlink on %s does not say what the rolling clients there read", h.Server)
	}
	return slices.Contains(real[1:], real[0]), nil
}

// stale returns the services that began before imapd.conf was changed, to the second.
func (h *Host) stale(ctx context.Context, ages map[string]time.Duration) ([]string, error) {
	text, err := h.ask(ctx, Short, "stat", "-c", "%Y", "--", h.Conf)
	if err != nil {
		return nil, err
	}
	changed, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("stat on %s: %w", h.Server, err)
	}
	now, err := h.clock(ctx)
	if err != nil {
		return nil, err
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
