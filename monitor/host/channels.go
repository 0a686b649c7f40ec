package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Channels returns the channels on which an instance logs its changes for clients, the
// default one by the name it has in imapd.conf.
func (h *Host) Channels() []string {
	names := strings.Fields(h.Settings["sync_log_channels"])
	if len(names) == 0 {
		return []string{DefaultChannel}
	}
	return names
}

// DefaultChannel is the name of the default channel in imapd.conf.
const DefaultChannel = `""`

// peer returns the address that the client of a channel sends to. A channel without one of
// its own has that of the default channel.
func (h *Host) peer(channel string) string {
	value := func(key string) string {
		if own := h.Settings[channel+"_"+key]; channel != DefaultChannel && own != "" {
			return own
		}
		return h.Settings[key]
	}
	at, port := value("sync_host"), value("sync_port")
	if at == "" {
		return ""
	}
	if port == "" || port == "csync" {
		port = "2005"
	}
	return net.JoinHostPort(at, port)
}

// ChannelTo returns the channel over which an instance sends its changes to another.
func (h *Host) ChannelTo(ctx context.Context, to inventory.Instance) (string, error) {
	if h.Settings["sync_log"] == "no" {
		return "", fmt.Errorf("%s on %s has sync_log: no", h.Conf, h.Server)
	}
	var peers []string
	for _, name := range h.Channels() {
		peer := h.peer(name)
		if peer == "" || name == "squatter" {
			continue
		}
		if sameAddress(ctx, peer, to.CSync) {
			if _, _, err := cyrus.SplitCSync(peer); err != nil {
				return "", fmt.Errorf("%s on %s: %w", h.Conf, h.Server, err)
			}
			return name, nil
		}
		peers = append(peers, peer)
	}
	if len(peers) == 0 {
		peers = []string{"nobody"}
	}
	return "", fmt.Errorf("%s on %s has no channel to %s, the csync of %s: it sends to %s", h.Conf, h.Server, to.CSync, to.Server, strings.Join(peers, " and "))
}

// sameAddress reports whether two addresses, host:port, are the same or lead to the same.
func sameAddress(ctx context.Context, a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB {
		return false
	}
	if hostA == hostB {
		return true
	}
	here, errA := net.DefaultResolver.LookupHost(ctx, hostA)
	there, errB := net.DefaultResolver.LookupHost(ctx, hostB)
	return errA == nil && errB == nil && slices.ContainsFunc(here, func(ip string) bool { return slices.Contains(there, ip) })
}

// Logs returns what lies in the log of each channel, by channel: names that are others
// when the files are. A log that is taken to be worked off keeps its name.
func (h *Host) Logs(ctx context.Context) (map[string][]string, error) {
	dir := h.logDir()
	text, err := h.ask(ctx, Short, "find", dir, "-ignore_readdir_race", "-mindepth", "1", "-maxdepth", "2", "-type", "f", "-printf", `%P %i %B@\n`)
	if err != nil {
		if there, unknown := h.Exists(ctx, dir); unknown == nil && !there {
			return nil, nil // nothing was ever logged
		}
		return nil, fmt.Errorf("look at the sync logs on %s: %w", h.Server, err)
	}
	logs := map[string][]string{}
	for line := range strings.Lines(text) {
		file, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		channel, name := path.Split(file)
		if name != "log" && name != "log-run" {
			continue
		}
		if channel = strings.TrimSuffix(channel, "/"); channel == "" {
			channel = DefaultChannel
		}
		logs[channel] = append(logs[channel], id)
	}
	return logs, nil
}

// Exists reports whether there is a file or a directory on the server.
func (h *Host) Exists(ctx context.Context, file string) (bool, error) {
	_, err := h.ask(ctx, Short, "test", "-e", file)
	var status interface{ ExitCode() int }
	if errors.As(err, &status) && status.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// CatchUp waits until an instance has sent to another all that is logged for it now, and
// tells how long that took.
func (h *Host) CatchUp(ctx context.Context, to inventory.Instance, limit time.Duration) (time.Duration, error) {
	channel, err := h.ChannelTo(ctx, to)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	logs, err := h.Logs(ctx)
	if err != nil {
		return 0, err
	}
	for waiting := logs[channel]; len(waiting) > 0; {
		if time.Since(begin) > limit {
			return 0, fmt.Errorf("%s lags: what %s had logged for it %v ago has not been sent", to.Server, h.Server, limit)
		}
		if err := Pause(ctx, time.Second/4); err != nil {
			return 0, err
		}
		if logs, err = h.Logs(ctx); err != nil {
			return 0, err
		}
		waiting = slices.DeleteFunc(waiting, func(id string) bool { return !slices.Contains(logs[channel], id) })
	}
	return time.Since(begin), nil
}

// Drain works off what is logged for another instance, while nothing else of the instance
// runs.
func (h *Host) Drain(ctx context.Context, to inventory.Instance) error {
	channel, err := h.ChannelTo(ctx, to)
	if err != nil {
		return err
	}
	var flags []string
	if channel != DefaultChannel {
		flags = []string{"-n", channel}
	}
	for range batches {
		logs, err := h.Logs(ctx)
		if err != nil || len(logs[channel]) == 0 {
			return err
		}
		if _, err := h.change(ctx, Short, nil, "sync_client", append([]string{"-C", h.Conf, "-r", "-1"}, flags...)...); err != nil {
			return err
		}
	}
	return errors.New("the log does not get empty on " + string(h.Server))
}

// batches is how many times a log is worked off at most: of an instance that is stopped
// there are two, that being written and that left behind.
const batches = 5
