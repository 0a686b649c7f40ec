package cyrus

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// defaultDomains are names that the default domain may have: internal is what
// Cyrus takes where nothing is configured.
var defaultDomains = []InternalName{"internal"}

// VirtDomains tells whether the server has virtual domains. No command says so,
// but names do. A mailbox with a domain in its internal name proves them, and
// one with an @ and without a domain disproves them. Where there is neither,
// the name of the default domain decides: inside a server it may always stand
// before a name, but behind an external name only with virtual domains. Unless
// the default domain was configured, or there is no mailbox, the answer is known.
func (c *Client) VirtDomains(ctx context.Context, mailboxes []Mailbox) (Setting, error) {
	var probe *Mailbox
	for i := range mailboxes {
		m := &mailboxes[i]
		if !m.Readable {
			continue
		}
		if strings.Contains(string(m.Internal), "!") {
			return Yes, nil
		}
		if strings.Contains(string(m.Name), "@") {
			return No, nil
		}
		if probe == nil && !strings.Contains(string(m.Name), "&") {
			probe = m
		}
	}
	if probe == nil {
		return Unknown, nil
	}
	for _, domain := range defaultDomains {
		setting, err := c.probe(ctx, probe, domain)
		if setting != Unknown || err != nil {
			return setting, c.named(err)
		}
	}
	return Unknown, nil
}

// probe tries one name for the default domain on one mailbox.
func (c *Client) probe(ctx context.Context, m *Mailbox, domain InternalName) (Setting, error) {
	isDefault := false
	err := c.syncGet(ctx, []InternalName{domain + "!" + m.Internal}, longestAnswer, func(name InternalName, _ *Mailbox) (known bool, err error) {
		isDefault = name == m.Internal
		return isDefault, nil
	})
	if err != nil || !isDefault {
		return Unknown, err
	}
	setting := Unknown
	err = c.do(ctx, "look for virtual domains", smallAnswer, func() error {
		_, err := c.imap.GetACL(string(m.Name) + "@" + string(domain)).Wait()
		var refusal *imap.Error
		switch {
		case err == nil:
			setting = Yes
		case errors.As(err, &refusal) && refusal.Type == imap.StatusResponseTypeNo:
			setting, err = No, nil
		}
		return err
	})
	return setting, err
}
