package main

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// applyConfig is what apply is told.
type applyConfig struct {
	Tools            string // directory of Cyrus's programs on the mail servers
	SyncUser         string
	SyncPasswordFile string
	MaxDenied        time.Duration
	StopFile         string
	LMTP             string

	AtOnce, PerServer int
	UsersPerNight     int
	Streams           int
	Window            window

	RoutingHook, InstanceHook, SeedCommand, Kick []string
}

func syncKeys(a *applyConfig) []key {
	return []key{
		{
			path: "sync.user", value: text(&a.SyncUser), example: "repl",
			about: "the account that sync servers let in, with which apply copies to another master; discover takes it for no user",
		},
		{
			path: "sync.password_file", value: file(&a.SyncPasswordFile, ""), example: "/etc/interlace/sync-password",
			about: "holds its password in its only line; mode 600",
		},
	}
}

func applyKeys(a *applyConfig) []key {
	return []key{
		{
			path: "cyrus_tools", value: absolute(&a.Tools, ""), example: "/usr/lib/cyrus/bin",
			about: "the directory of Cyrus's programs on the mail servers; without it that of sync_client",
		},
		{
			path: "max_denied", value: interval(&a.MaxDenied, "120s"), example: "60s",
			about: "how long a user who is moved may be kept out; a move that takes longer is taken back, and one that is expected to take half as long is not begun",
		},
		{
			path: "stop_file", value: absolute(&a.StopFile, "/run/interlace/stop"), example: "/run/interlace/stop",
			about: "where this file is on a mail server, apply ends before it changes anything else there",
		},
		{
			path: "apply.at_once", value: count(&a.AtOnce, 4), example: "8",
			about: "how many groups of users, or stores, are worked on at the same time",
		},
		{
			path: "apply.per_server", value: count(&a.PerServer, 1), example: "2",
			about: "how many of them may copy to or from the same server",
		},
		{
			path: "apply.users_per_night", value: anyCount(&a.UsersPerNight), example: "500",
			about: "how many users are moved in a night at most: between two openings of apply.window or, without one, from noon to noon; who is moved back counts again; more who go together, in a share group, are not begun; without it any number",
		},
		{
			path: "apply.window", value: hours(&a.Window), example: `"22:00-05:00"`,
			about: "nobody is kept out, and nothing is begun, but between these times of the day, on the clock of this machine; without it at any time",
		},
		{
			path: "lmtp", value: textOf(&a.LMTP, "HOST:PORT", checkLMTP), example: `"{server}:24"`,
			about: "where LMTP is spoken: after a move it is asked whether mail for the user would be taken; {server} and {store} are filled in. Without it that is not tried",
		},
		{
			path: "routing_hook", value: command(&a.RoutingHook, "file", "file"), example: `[/usr/local/bin/route, "{file}"]`,
			about: "a command that routes users anew, within 1 minute, from a file with a line USER,FROM,TO for each, where FROM and TO are named as the routing names them already: see interlace help instances; without it apply edits routing_file",
		},
		{
			path: "mta_kick", value: words(&a.Kick), example: "[postqueue, -f]",
			about: "a command that has the mail relay try again what it has put off, after users were routed anew, within 5 seconds: what takes longer is ended, and told",
		},
		{
			path: "instance_hook", value: command(&a.InstanceHook, "action", "action", "store", "server", "role", "file"), example: `[instance, "{action}", "{file}"]`,
			about: "a command that creates, starts, stops, removes or promotes an instance: see interlace help instances",
		},
		{
			path: "seed_command", value: command(&a.SeedCommand, "server", "store", "server", "file"), example: `[seed, "{store}", "{server}", "{file}"]`,
			about: "a command that copies what the master of a store has to the empty replica on a server, faster than replication does, which then copies the rest: partitions, mailboxes.db, conf/user, annotations.db, quotas.db and sievedir, see interlace help instances; without it replication copies all",
		},
		{
			path: "apply.streams", value: anyCount(&a.Streams), example: "4",
			about: "how many users are copied to a new replica at the same time; without it as many as both servers may transfer at once",
		},
	}
}

// absolute is a path on another machine.
func absolute(to *string, fallback string) value {
	return plain(to, "a path from /", fallback, func(raw, _ string) (string, error) {
		if raw != "" && (!path.IsAbs(raw) || inventory.Paste(raw) == "") {
			return "", fmt.Errorf("%s does not begin with /, or has control characters", inventory.Quoted(raw))
		}
		return raw, nil
	})
}

// anyCount is a number above 0 or, where it is not set, any.
func anyCount(to *int) value {
	return plain(to, "a number", "", func(raw, _ string) (int, error) {
		n, err := inventory.ParseCount(raw)
		if err == nil && n == 0 {
			err = fmt.Errorf("0 is not above 0")
		}
		return n, err
	})
}

// checkLMTP refuses what can be no address of LMTP, whatever is filled in.
func checkLMTP(raw string) error {
	if host, port, found := strings.Cut(raw, ":"); !found || host == "" || port == "" {
		return fmt.Errorf("%s is not HOST:PORT", inventory.Quoted(raw))
	}
	for _, name := range inBraces.FindAllString(raw, -1) {
		if name != "{server}" && name != "{store}" {
			return fmt.Errorf("nothing is filled in for %s; there are {server} and {store}", name)
		}
	}
	return nil
}

// limits say how much is done when.
func (a *applyConfig) limits() apply.Limits {
	return apply.Limits{AtOnce: a.AtOnce, PerServer: a.PerServer, UsersPerNight: a.UsersPerNight, StopFile: a.StopFile}
}

// lmtpOf is where an instance of a store takes mail.
func (a *applyConfig) lmtpOf(store inventory.StoreID, in inventory.Instance) string {
	return strings.NewReplacer("{server}", string(in.Server), "{store}", string(store)).Replace(a.LMTP)
}
