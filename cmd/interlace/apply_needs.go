package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// applyNeeds returns the password of the account of sync, and says all that the
// configuration and the inventory lack to carry anything out.
func (a *app) applyNeeds(ctx context.Context, f *facts) (cyrus.Secret, error) {
	c := &a.config.Apply
	var wrong error
	lacks := func(path, remedy string) {
		wrong = errors.Join(wrong, hint(fmt.Errorf("%s is not set", path), "write %s into the configuration", remedy))
	}
	if c.SyncUser == "" {
		lacks("sync.user", "sync: {user: NAME, password_file: FILE}")
	}
	if c.SyncPasswordFile == "" {
		lacks("sync.password_file", "sync: {user: NAME, password_file: FILE}")
	}
	secret, err := a.config.secret(ctx, "sync.password_file", c.SyncPasswordFile)
	wrong = errors.Join(wrong, err)
	wrong = errors.Join(wrong, a.config.canRoute(), a.config.wrongApply(ctx, true))
	if a.config.tools() == "" {
		lacks("cyrus_tools", "cyrus_tools: /usr/lib/cyrus/bin")
	}
	return cyrus.Secret(secret), errors.Join(wrong, newAsker(a.config).check(ctx, f.Inventory), a.config.reachesAll(f.Inventory))
}

// canRoute fails where nothing says how users are routed anew.
func (c *config) canRoute() error {
	if len(c.Apply.RoutingHook) > 0 || c.Monitor.RoutingFile != "" {
		return nil
	}
	return hint(errors.New("neither routing_hook nor routing_file is set, one of which changes where users are served"), "interlace config --help explains them")
}

// reachesAll fails where commands can't get to a server of the inventory.
func (c *config) reachesAll(inv *inventory.Inventory) error {
	if len(c.Monitor.Runner) > 0 {
		return nil
	}
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			if in.IMAP != "" && !isHere(in.IMAP) {
				return hint(fmt.Errorf("runner.argv is not set, so nothing can be run on %s", in.Server), `write runner: {argv: [ssh, "{server}", --], quote: sh} into the configuration`)
			}
		}
	}
	return nil
}

// tools is the directory of Cyrus's programs on the mail servers.
func (c *config) tools() string { return cmp.Or(c.Apply.Tools, programsOf(c.Monitor.SyncClient)) }

// dial connects to an instance as its administrator or, with as, as a user.
func (a *asker) dial(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error) {
	o, err := a.options(ctx, in, 0)
	if err != nil {
		return nil, err
	}
	o.As = string(as)
	return cyrus.Dial(ctx, o)
}
