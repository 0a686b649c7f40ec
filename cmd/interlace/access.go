package main

import (
	"context"
	"errors"
	"sync"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// access says how to log in to an IMAP server. Empty fields are not set.
type access struct {
	User         string
	PasswordFile string
	TLS          string
	CAFile       string
}

// over returns the access with what is not set taken from another.
func (a access) over(b access) access {
	for _, field := range []struct{ mine, other *string }{
		{&a.User, &b.User}, {&a.PasswordFile, &b.PasswordFile}, {&a.TLS, &b.TLS}, {&a.CAFile, &b.CAFile},
	} {
		if *field.mine == "" {
			*field.mine = *field.other
		}
	}
	return a
}

// accessTo returns how to log in to an instance: as its own settings say, else
// those of its server, else those of all.
func (c *config) accessTo(in inventory.Instance) access {
	var instance, server access
	if own := c.instances[in.IMAP]; own != nil {
		instance = *own
	}
	if own := c.servers[string(in.Server)]; own != nil {
		server = *own
	}
	return instance.over(server).over(c.IMAP)
}

// asker reads instances over IMAP. It reads every password file once.
type asker struct {
	config  *config
	mu      sync.Mutex
	secrets map[string]cyrus.Secret
}

func newAsker(c *config) *asker { return &asker{config: c, secrets: map[string]cyrus.Secret{}} }

// ask reads one instance, which is expected to have so many mailboxes.
func (a *asker) ask(ctx context.Context, in inventory.Instance, mailboxes int) (*cyrus.Snapshot, error) {
	o, err := a.options(ctx, in, mailboxes)
	if err != nil {
		return nil, err
	}
	return cyrus.Read(ctx, o)
}

// options say how to ask an instance, which is expected to have so many mailboxes.
func (a *asker) options(ctx context.Context, in inventory.Instance, mailboxes int) (cyrus.Options, error) {
	as := a.config.accessTo(in)
	password, err := a.password(ctx, as)
	return cyrus.Options{Address: in.IMAP, User: as.User, Password: password, TLS: cyrus.TLS(as.TLS), CAFile: as.CAFile, Mailboxes: mailboxes}, err
}

func (a *asker) password(ctx context.Context, as access) (cyrus.Secret, error) {
	if as.User == "" || as.PasswordFile == "" {
		return "", hint(errors.New("imap.user and imap.password_file are not both set"), "the configuration names an administrator: imap: {user: admin, password_file: /etc/interlace/imap-password}")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known, ok := a.secrets[as.PasswordFile]; ok {
		return known, nil
	}
	text, err := readSecret(ctx, as.PasswordFile)
	if err != nil {
		return "", err
	}
	a.secrets[as.PasswordFile] = cyrus.Secret(text)
	return a.secrets[as.PasswordFile], nil
}

// check finds out before anybody is asked whether there are passwords for all
// instances.
func (a *asker) check(ctx context.Context, inv *inventory.Inventory) error {
	for i := range inv.Stores {
		for _, in := range inv.Stores[i].Instances {
			if in.IMAP == "" {
				continue
			}
			if _, err := a.password(ctx, a.config.accessTo(in)); err != nil {
				return err
			}
		}
	}
	return nil
}
