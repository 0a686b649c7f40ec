package cyrus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Setting is a setting of a server as far as it is known.
type Setting string

// Values of a setting.
const (
	Unknown Setting = ""
	Yes     Setting = "yes"
	No      Setting = "no"
)

// Server is what a server says about itself.
type Server struct {
	// Version is Cyrus's version as the server tells it, such as
	// 3.6.1-Debian-3.6.1-4+deb12u5; empty if it keeps that to itself.
	Version string
	// Capabilities are sorted.
	Capabilities []string
	// Separator stands between the parts of a mailbox's name: '.' or '/'.
	Separator byte
	// Conversations tells whether the conversations database is on.
	Conversations Setting
	// AltNamespace tells whether users see their folders beside INBOX. An
	// administrator can't see that: it is known on a connection As a user.
	AltNamespace Setting
	// Murder is the mupdate server of a server that is part of a Cyrus murder,
	// and empty otherwise.
	Murder string
	// Others and Shared are what stands before the names of other users' folders
	// and of shared trees.
	Others, Shared string
}

// learn asks what kind of server this is.
func (c *Client) learn(ctx context.Context) error {
	if c.options.Known != nil {
		c.server = *c.options.Known
		return nil
	}
	if err := c.do(ctx, "read the capabilities", smallAnswer, c.readCapabilities); err != nil {
		return err
	}
	return c.do(ctx, "read version and namespace", smallAnswer, func() error {
		if err := c.readVersion(); err != nil {
			return err
		}
		if err := c.readSeparator(); err != nil {
			return err
		}
		if err := c.readNamespace(); err != nil || c.options.As != "" {
			return err
		}
		return c.mustAdminister()
	})
}

// mustAdminister checks that the account is an administrator: to others the
// command SYNCGET does not exist. Such an account sees only what was shared with
// it, and that must not pass for all there is.
func (c *Client) mustAdminister() error {
	err := c.command("SYNCGET MAILBOXES (user)", func([]byte) error { return nil })
	refusal := (*Refusal)(nil)
	switch refused := errors.As(err, &refusal); {
	case refused && !c.can("X-REPLICATION"):
		return fmt.Errorf("this is no Cyrus of 2.4 or later (its version is %s): to SYNCGET %w", c.server.told(), err)
	case refused:
		return fmt.Errorf("%q is no administrator there: to SYNCGET %w", c.options.User, err)
	}
	return err
}

// told returns the version for an error message.
func (s *Server) told() string {
	if s.Version == "" {
		return "not told"
	}
	return sample([]byte(s.Version))
}

// readCapabilities finds out what the server can. One with mupdate_server in
// its configuration announces that as MUPDATE=….
func (c *Client) readCapabilities() error {
	caps := c.imap.Caps()
	for capability := range caps {
		c.server.Capabilities = append(c.server.Capabilities, string(capability))
		if mupdate, found := strings.CutPrefix(string(capability), "MUPDATE="); found {
			c.server.Murder = strings.ToLower(mupdate) // go-imap writes all in capitals
		}
	}
	slices.Sort(c.server.Capabilities)
	c.server.Conversations = No
	if caps.Has("XCONVERSATIONS") {
		c.server.Conversations = Yes
	}
	return nil
}

// readVersion asks by the command ID (RFC 2971). A server may refuse to tell.
func (c *Client) readVersion() error {
	if !c.imap.Caps().Has(imap.CapID) {
		return nil
	}
	id, err := c.imap.ID(nil).Wait()
	if err != nil {
		return fmt.Errorf("ID: %w", err)
	}
	if id != nil && strings.HasPrefix(id.Name, "Cyrus") {
		c.server.Version = id.Version
	}
	return nil
}

// readSeparator asks by LIST with an empty name, which exists for that.
func (c *Client) readSeparator() error {
	rows, err := c.imap.List("", "", nil).Collect()
	if err != nil {
		return fmt.Errorf("LIST: %w", err)
	}
	if len(rows) != 1 || (rows[0].Delim != '.' && rows[0].Delim != '/') {
		return fmt.Errorf("%w: LIST tells no separator", errProtocol)
	}
	c.server.Separator = byte(rows[0].Delim)
	return nil
}

// readNamespace looks where a user's own folders are (RFC 2342): without
// altnamespace below INBOX, with it at the top. An administrator has none.
func (c *Client) readNamespace() error {
	namespace, err := c.imap.Namespace().Wait()
	if err != nil {
		return fmt.Errorf("NAMESPACE: %w", err)
	}
	for _, personal := range namespace.Personal {
		c.server.AltNamespace = No
		if personal.Prefix == "" {
			c.server.AltNamespace = Yes
		}
	}
	for _, others := range namespace.Other {
		c.server.Others = others.Prefix
	}
	for _, shared := range namespace.Shared {
		c.server.Shared = shared.Prefix
	}
	return nil
}

// Server returns what the server said about itself.
func (c *Client) Server() Server { return c.server }
