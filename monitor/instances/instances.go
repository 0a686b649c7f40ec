package instances

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// On returns the instances that the inventory has on a server, in the order of
// their stores, with what their configuration says now.
func On(inv *inventory.Inventory, server inventory.ServerID) []monitor.Instance {
	var list []monitor.Instance
	for i := range inv.Stores {
		if at := inv.Stores[i].On(server); at != nil {
			list = append(list, Read(inv.Stores[i].Name, at))
		}
	}
	return list
}

// Read returns what the inventory and the configuration say of an instance.
func Read(store inventory.StoreID, at *inventory.Instance) monitor.Instance {
	in := monitor.Instance{
		Server: at.Server, Store: store, Role: at.Role, Conf: at.IMAPDConf, SyncDir: at.SyncDir, Log: at.Log,
		CSync: at.CSync, Version: at.Settings.Version,
	}
	if in.Conf == "" {
		in.Trouble = "the inventory does not say where its imapd.conf is; write imapd_conf: FILE at the instance"
		return in
	}
	c, err := readConf(in.Conf)
	if err != nil {
		in.Trouble = unread + err.Error() + remedy(err)
		return in
	}
	in.Dir = c.text("configdirectory", "")
	if in.Dir == "" && in.SyncDir == "" {
		in.Trouble = in.Conf + " has no configdirectory; add it"
		return in
	}
	if in.SyncDir == "" {
		in.SyncDir = filepath.Join(in.Dir, "sync")
	}
	in.Prefix = c.text("syslog_prefix", "cyrus")
	in.Partitions = c.partitions()
	in.Logging = c.yes("sync_log")
	in.Chained = c.yes("sync_log_chain")
	in.RepeatInterval = c.seconds("sync_repeat_interval", time.Second)
	in.Autocreate = c.autocreates()
	in.Separator = c.separator(in.Version)
	in.Channels = c.channels(in.SyncDir)
	return in
}

// unread begins the trouble with an imapd.conf, or with what it includes, that cannot
// be read.
const unread = "its imapd.conf cannot be read: "

// Unread reports whether a trouble, as [Read] and whoever passes it on tells it, is
// that an imapd.conf cannot be read.
func Unread(trouble string) bool { return strings.Contains(trouble, unread) }

// remedy is what to do about an imapd.conf that cannot be read.
func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "; the account of interlace watch must be that of Cyrus, and have the right to read this file"
	case errors.Is(err, fs.ErrNotExist):
		return "; correct imapd_conf in the inventory, or whatever includes this file"
	}
	return "; correct it"
}

// partitions returns the directories in which mail lies, by option.
func (c *conf) partitions() map[string]string {
	all := map[string]string{}
	for option, value := range c.values {
		for _, kind := range []string{"partition-", "archivepartition-", "metapartition-", "searchpartition-"} {
			if strings.HasPrefix(option, kind) && value != "" {
				all[option] = value
			}
		}
	}
	return all
}

// seconds returns a duration: a number of seconds, or since Cyrus 3.2 one with
// units (imapd.conf(5)).
func (c *conf) seconds(option string, otherwise time.Duration) time.Duration {
	text := strings.ToLower(c.values[option])
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d
	}
	return otherwise
}

// autocreates reports whether a login creates mailboxes: since 3.x wherever
// autocreate_quota is not negative, before that, as a patch, wherever
// autocreatequota is not 0.
func (c *conf) autocreates() bool {
	if n, err := strconv.Atoi(c.values["autocreate_quota"]); err == nil {
		return n >= 0
	}
	n, err := strconv.Atoi(c.values["autocreatequota"])
	return err == nil && n != 0
}

// separator returns what stands between the parts of mailboxes' names: before Cyrus 3
// a dot where nothing is said.
func (c *conf) separator(version string) byte {
	if c.yes("unixhierarchysep") || c.values["unixhierarchysep"] == "" && !strings.HasPrefix(version, "2.") {
		return '/'
	}
	return '.'
}

// channels returns the channels that are configured, and those that have left a
// directory behind. The default channel is always among them: on a replica its
// log is the proof that somebody wrote there.
func (c *conf) channels(dir string) []monitor.Channel {
	logged := []string{""}
	if set := strings.Fields(c.values["sync_log_channels"]); len(set) > 0 {
		logged = nil
		for _, name := range set {
			logged = append(logged, strings.Trim(name, `"`))
		}
	}
	names := append([]string{""}, logged...)
	entries, _ := os.ReadDir(dir) // what is not there yet has left nothing behind
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	logs := c.yes("sync_log")
	var list []monitor.Channel
	for _, name := range slices.Compact(names) {
		ch := c.channel(name, dir)
		ch.Logged = logs && slices.Contains(logged, name)
		if logs && !ch.Logged && ch.Kind != monitor.Squatter {
			ch.Kind = monitor.Leftover
		}
		list = append(list, ch)
	}
	return list
}

// channel describes one channel. Options of a channel bear its name in front and
// fall back to those without (sync_client(8)).
func (c *conf) channel(name, dir string) monitor.Channel {
	ch := monitor.Channel{Name: name, Kind: monitor.Replication, Dir: filepath.Join(dir, name)}
	prefix := ""
	switch {
	case name == "":
		ch.Name = monitor.DefaultChannel
	case name == "squatter":
		ch.Kind = monitor.Squatter
		return ch
	case strings.HasPrefix(name, "backup"):
		ch.Kind = monitor.Backup
	}
	if name != "" {
		prefix = strings.ToLower(name) + "_"
	}
	if host := c.text(prefix+"sync_host", c.values["sync_host"]); host != "" {
		ch.Peer = net.JoinHostPort(host, c.text(prefix+"sync_port", c.text("sync_port", "csync")))
	}
	return ch
}
