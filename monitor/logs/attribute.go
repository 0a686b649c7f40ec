package logs

import (
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// instances finds the instance that wrote a line.
type instances struct {
	byStore         map[inventory.StoreID]*monitor.Instance
	programs        string
	byLog, byPrefix map[string]inventory.StoreID
	byPID           func(pid int) (inventory.StoreID, bool)
	byUnit          func(name string) (inventory.StoreID, bool)
	prefixes        map[string]bool
}

// newInstances notes what belongs to one instance alone: a log, a prefix.
func newInstances(opts *Options) *instances {
	in := &instances{byUnit: opts.Unit, byPID: opts.PID, prefixes: map[string]bool{"cyrus": true}, byStore: map[inventory.StoreID]*monitor.Instance{}, programs: opts.Programs}
	in.byLog = alone(opts.Instances, func(i *monitor.Instance) string { return i.Log })
	in.byPrefix = alone(opts.Instances, func(i *monitor.Instance) string { return i.Prefix })
	for i := range opts.Instances {
		in.byStore[opts.Instances[i].Store] = &opts.Instances[i]
		if prefix := opts.Instances[i].Prefix; prefix != "" {
			in.prefixes[prefix] = true
		}
	}
	return in
}

func alone(list []monitor.Instance, of func(*monitor.Instance) string) map[string]inventory.StoreID {
	count, store := map[string]int{}, map[string]inventory.StoreID{}
	for i := range list {
		count[of(&list[i])]++
		store[of(&list[i])] = list[i].Store
	}
	for text := range store {
		if text == "" || count[text] > 1 {
			delete(store, text)
		}
	}
	return store
}

// plain are the names under which Cyrus logs where no prefix is set, as in 2.3.
// Others, such as httpd, may be of anybody.
var plain = map[string]bool{
	"sync_client": true, "sync_server": true, "sync_reset": true, "csync": true, "syncserver": true, "imap": true, "imaps": true, "imapd": true,
	"pop3": true, "pop3s": true, "pop3d": true, "lmtp": true, "lmtpunix": true, "lmtpd": true, "sieve": true, "timsieved": true, "master": true,
	"ctl_cyrusdb": true, "ctl_mboxlist": true, "ctl_deliver": true, "cyr_expire": true, "tls_prune": true, "squatter": true, "idled": true,
	"reconstruct": true, "quota": true, "ipurge": true, "mupdate": true, "fud": true, "notifyd": true,
}

// isCyrus reports whether a process of Cyrus wrote the line. Whatever has a tag
// like theirs in the log of an instance is of that instance, also where the prefix
// in its configuration is another one by now.
func (in *instances) isCyrus(e *Entry) bool {
	if _, own := in.byLog[e.Log]; own && e.Prefix != "" {
		return true
	}
	if e.Prefix != "" {
		return in.prefixes[e.Prefix]
	}
	_, known := in.unit(e)
	return plain[e.Process] || known && e.Process != ""
}

// store returns the store of the instance that wrote the line, or none where
// nobody can tell. What the kernel or the configuration says comes before what
// the line says of itself.
func (in *instances) store(e *Entry) inventory.StoreID {
	if store, ok := in.byLog[e.Log]; ok {
		return store
	}
	if store, ok := in.unit(e); ok {
		return store
	}
	if store, ok := in.byPrefix[e.Prefix]; ok {
		return store
	}
	if in.byPID != nil && e.PID > 0 {
		if store, ok := in.byPID(e.PID); ok {
			return store
		}
	}
	return ""
}

// unit returns the store of the instance that is the service which wrote the line, if
// that is one.
func (in *instances) unit(e *Entry) (inventory.StoreID, bool) {
	if in.byUnit == nil || e.Unit == "" {
		return "", false
	}
	return in.byUnit(e.Unit)
}

// channel returns the sync channel of a log file, or none for another file.
func channel(file string) string {
	dir, ok := strings.CutSuffix(strings.TrimSuffix(file, "-run"), "/log")
	if !ok {
		if at := strings.LastIndex(file, "/log-"); at >= 0 {
			dir, ok = file[:at], true // log-PID of Cyrus 2.3
		}
	}
	at := strings.LastIndex(dir, "/sync")
	switch {
	case !ok || at < 0:
		return ""
	case dir[at:] == "/sync":
		return monitor.DefaultChannel
	}
	name, ok := strings.CutPrefix(dir[at:], "/sync/")
	if !ok || strings.Contains(name, "/") {
		return ""
	}
	return name
}
