package apply

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
)

// compiled is what an instance runs of a user's Sieve scripts, and whether it lists them.
type compiled struct {
	active string // the script that is run when mail comes; empty: none
	files  string // all that are compiled, in sievedir, with their digests
	listed bool   // dav.db has the mailbox of scripts
}

// compiledPair is what a master runs of a user's scripts, and what its replica would run.
type compiledPair [2]compiled

// alike reports whether the replica runs what its master runs, and lists scripts where that does.
func (p compiledPair) alike() bool {
	return p[0].active == p[1].active && p[0].files == p[1].files && (p[1].listed || !p[0].listed)
}

// Text says in what the two differ.
func (p compiledPair) Text() string {
	var texts []string
	if p[0].active != p[1].active {
		texts = append(texts, fmt.Sprintf("%s is run when mail comes, and %s on the master", orNone(p[1].active), orNone(p[0].active)))
	} else if p[0].files != p[1].files {
		texts = append(texts, "what is compiled is not what the master has")
	}
	if p[0].listed && !p[1].listed {
		texts = append(texts, "dav.db lists no scripts")
	}
	return strings.Join(texts, ", ")
}

// orNone names a script.
func orNone(script string) string {
	if script == "" {
		return "no script"
	}
	return inventory.Printable(script)
}

// scripts says of whom the new replica would not run or list the Sieve scripts that its master runs.
// A script is a message, and is replicated; what is run when mail comes is a file in sievedir, which
// a replica makes when it gets a script by replication, and not of one that is there already.
func (p *accountsProof) scripts(ctx context.Context) (wrong, err error) {
	both := []inventory.Instance{p.store.Instances[0], p.made}
	hosts, err := p.openAll(ctx, both)
	if err != nil {
		return nil, err
	}
	var greeting [2]*greeted
	for i, in := range both {
		if greeting[i], err = p.greet(ctx, in); err != nil {
			return nil, err
		}
	}
	there := withInbox(greeting[1].names)
	users := slices.DeleteFunc(withInbox(greeting[0].names), func(u inventory.UserID) bool {
		_, both := slices.BinarySearch(there, u)
		return !both
	})
	boxes, err := p.scriptMailboxes(ctx, greeting[0].names)
	if err != nil {
		return nil, err
	}
	p.notes = append(p.notes, fmt.Sprintf("which Sieve scripts are run was looked at for %s", inventory.Counted(len(users), "user", "users")))
	sums := greeting[0].server.Version == greeting[1].server.Version // one version makes one code of a script
	apart, err := stoodStill(ctx, p.Layouts.pause(), func() (map[inventory.UserID]compiledPair, error) {
		found, err := unlikeScripts(ctx, hosts, users, boxes, sums)
		users = slices.Sorted(maps.Keys(found)) // only these are looked at again
		return found, err
	})
	if err != nil {
		return nil, err
	}
	return unrun(hosts[0], hosts[1], textsOf(apart)), nil
}

// unrun fails where scripts are not run or listed as on the master, and says what to copy.
func unrun(master, fresh *host.Host, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	places := func(h *host.Host) string {
		return fmt.Sprintf("%s and %s on %s", inventory.Paste(h.Settings["sievedir"]), inventory.Paste(path.Join(h.Settings["configdirectory"], "user")), h.Server)
	}
	return fmt.Errorf("the Sieve scripts of %s are not run on %s as on %s, since replication makes neither files in sievedir nor entries in dav.db of a script that seed_command has copied: %s; next: while nothing runs there, have %s hold, for these users, the same as %s, with the links defaultbc (rsync -a)",
		inventory.Counted(len(texts), "user", "users"), fresh.Server, master.Server, few(texts), places(fresh), places(master))
}

// scriptMailboxes returns the unique identifiers of the master's mailboxes that hold Sieve scripts.
func (p *accountsProof) scriptMailboxes(ctx context.Context, names []cyrus.InternalName) (map[inventory.UserID]string, error) {
	boxes := map[inventory.UserID]string{}
	names = slices.DeleteFunc(slices.Clone(names), func(n cyrus.InternalName) bool { return !n.HoldsScripts() })
	if len(names) == 0 {
		return boxes, nil
	}
	c, err := p.Dial(ctx, p.store.Instances[0], "")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	mailboxes, err := c.Details(ctx, names)
	for i := range mailboxes {
		if owner, _, _ := mailboxes[i].Internal.Owner(); !owner.Shared {
			boxes[inventory.UserID(owner.Name)] = mailboxes[i].UniqueID
		}
	}
	return boxes, err
}

// unlikeScripts returns of whom the replica, the second host, does not run what its master runs.
func unlikeScripts(ctx context.Context, hosts []*host.Host, users []inventory.UserID, boxes map[inventory.UserID]string, sums bool) (map[inventory.UserID]compiledPair, error) {
	var found [2]map[inventory.UserID]compiled
	var asking errgroup.Group
	for i := range found {
		asking.Go(func() (err error) {
			found[i], err = compiledOn(ctx, hosts[i], users, boxes, sums)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	unlike := map[inventory.UserID]compiledPair{}
	for _, u := range users {
		if p := (compiledPair{found[0][u], found[1][u]}); !p.alike() {
			unlike[u] = p
		}
	}
	return unlike, nil
}

// compiledOn returns what an instance runs of users' scripts, with the digests of the code or its
// names only.
func compiledOn(ctx context.Context, h *host.Host, users []inventory.UserID, boxes map[inventory.UserID]string, sums bool) (map[inventory.UserID]compiled, error) {
	files, err := h.ScriptFiles(ctx, users)
	if err != nil {
		return nil, err
	}
	read := map[inventory.UserID]host.ScriptFiles{}
	var paths []string
	for _, u := range users {
		for _, f := range files[u] {
			if f.Unread {
				continue
			}
			read[u] = f
			for _, name := range f.Compiled {
				paths = append(paths, path.Join(f.Dir, name))
			}
		}
	}
	digests := map[string]string{}
	if sums {
		if digests, err = h.Digests(ctx, paths); err != nil {
			return nil, err
		}
	}
	of := map[inventory.UserID]string{}
	for _, u := range users {
		if boxes[u] != "" {
			of[u] = boxes[u]
		}
	}
	listed, err := h.Indexed(ctx, of)
	if err != nil {
		return nil, err
	}
	all := map[inventory.UserID]compiled{}
	for _, u := range users {
		f := read[u]
		c := compiled{active: strings.TrimSuffix(f.Active, ".bc"), listed: listed[u]}
		for _, name := range f.Compiled {
			c.files += name + " " + digests[path.Join(f.Dir, name)] + "\n"
		}
		all[u] = c
	}
	return all, nil
}
