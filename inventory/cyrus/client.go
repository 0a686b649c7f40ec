package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// smallAnswer is what the answer to a command about one thing may have.
const smallAnswer = 64 << 10

// Client is a logged-in connection to one server. It is for one goroutine.
type Client struct {
	options Options
	wire    *wire
	imap    *imapclient.Client
	raw     *rawReader
	tag     int
	open    bool   // a mailbox, of which changes are told with any answer
	opened  string // its name, where the server has opened it
	changes int64  // bytes that those may have
	server  Server
}

// Dial connects to a server, logs in and learns what kind of server it is.
func Dial(ctx context.Context, o Options) (*Client, error) {
	o = o.withDefaults()
	c, err := dial(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("imap %s: %w", o.Address, err)
	}
	return c, nil
}

func dial(ctx context.Context, o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if Folded(o.As) != o.As {
		return nil, fmt.Errorf("%w: %q: %w", ErrLogin, o.As, ErrFolded)
	}
	connecting, cancel := context.WithTimeoutCause(ctx, o.Patience, errSlow)
	defer cancel()
	w, err := connect(connecting, o)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", reason(connecting, err))
	}
	c := &Client{options: o, wire: w, raw: newRawReader(rawSide{w})}
	c.imap = imapclient.New(w, nil)
	if err := c.logIn(ctx); err != nil {
		c.drop()
		return nil, err
	}
	if err := c.learn(ctx); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// reason returns why the context ended if that is what the error comes from. A
// dialer has a timer of its own for that, which may be the first.
func reason(ctx context.Context, err error) error {
	var late net.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &late) && late.Timeout():
		return errSlow
	}
	return err
}

// logIn authenticates by the mechanism PLAIN (RFC 4616).
func (c *Client) logIn(ctx context.Context) error {
	o := c.options
	doing := fmt.Sprintf("log in as %q", o.User)
	if o.As != "" {
		doing = fmt.Sprintf("log in as %q by way of %q", o.As, o.User)
	}
	return c.do(ctx, doing, smallAnswer, func() error {
		if c.imap.Caps() == nil {
			return errors.New("the server does not tell its capabilities")
		}
		err := c.imap.Authenticate(sasl.NewPlainClient(o.As, o.User, string(o.Password)))
		if refusal := (*imap.Error)(nil); errors.As(err, &refusal) {
			return fmt.Errorf("%w: %w", ErrLogin, err)
		}
		return err
	})
}

// ErrLogin says that the server answers and does not let us log in.
var ErrLogin = errors.New("the login is refused")

// ErrFolded says that nobody tries to log in as a user whom the server may take for
// another one, see [Folded].
var ErrFolded = errors.New("a login folds the user's name to another one, whose mailboxes it would show or create")

// do runs one command, or several that belong together, under a limit of time
// and of bytes, beside which there is room for what others change in a mailbox that is
// open. Its error says what was being done, and the true reason where
// the wire knows it better than the library: what the server answered stands, even
// if it hung up then.
func (c *Client) do(ctx context.Context, doing string, bytes int64, command func() error) error {
	end := c.wire.begin(ctx, bytes+c.changes, c.options.Patience)
	err := command()
	end()
	if err == nil {
		return nil
	}
	if cause := c.wire.cause(); cause != nil && !errors.As(err, new(*imap.Error)) {
		err = cause
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// named adds the server to an error.
func (c *Client) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("imap %s: %w", c.options.Address, err)
}

// errGoodbye says that the server ended the connection with a word.
var errGoodbye = errors.New("the server says goodbye")

func goodbye(text []byte) error { return fmt.Errorf("%w: %s", errGoodbye, sample(text)) }

// Denied tells whether the server ended the connection of a user whom cyr_deny denies
// it, or since it is shut down: it says so in its goodbye, as an alert for people.
func Denied(err error) bool {
	return errors.Is(err, errGoodbye) && strings.Contains(err.Error(), errGoodbye.Error()+`: "[ALERT]`)
}

// Died tells whether an error is the end of a connection that the server made: it
// died, or does not want this user.
func Died(err error) bool { return Passing(err) || errors.Is(err, errGoodbye) }

// Peer returns the address, with its port, that the connection leads to.
func (c *Client) Peer() string { return c.wire.socket.RemoteAddr().String() }

// Noop asks for nothing, to see how fast a server answers. A mailbox that is open is closed
// before: what others have changed in it would come with the answer.
func (c *Client) Noop(ctx context.Context) error {
	if err := c.leave(ctx); err != nil {
		return c.named(err)
	}
	return c.named(c.do(ctx, "ask for nothing", smallAnswer, func() error { return c.imap.Noop().Wait() }))
}

// command sends one raw command on the connection of go-imap and hands each
// untagged answer to handle. What handle keeps it must copy. After an error
// other than a [*Refusal] the connection is closed.
func (c *Client) command(command string, handle func(answer []byte) error) error {
	if err := c.wire.hold(); err != nil {
		return err
	}
	defer func() { c.wire.release(c.raw.unread()) }()
	c.tag++
	err := c.exchange(fmt.Sprintf("R%d", c.tag), command, handle)
	if _, refused := err.(*Refusal); err != nil && !refused {
		c.wire.fail(err)
	}
	return err
}

func (c *Client) exchange(tag, command string, handle func(answer []byte) error) error {
	if _, err := c.wire.Write([]byte(tag + " " + command + "\r\n")); err != nil {
		return err
	}
	for {
		line, err := c.raw.next()
		if err != nil {
			return err
		}
		if done, err := answer(line, tag, handle); done || err != nil {
			return err
		}
	}
}

// Refusal is a server's NO or BAD to a command.
type Refusal struct {
	Bad  bool   // BAD: the command is wrong or unknown, not only refused
	Text string // what the server said, cleaned
}

// IsRefusal tells whether a server answered NO or BAD, after which the connection
// goes on.
func IsRefusal(err error) bool { return errors.As(err, new(*Refusal)) }

// IsUnknown tells whether a server answered BAD: it does not know the command.
func IsUnknown(err error) bool {
	refusal := (*Refusal)(nil)
	return errors.As(err, &refusal) && refusal.Bad
}

// Error returns what the server said.
func (r *Refusal) Error() string {
	if r.Bad {
		return "the server says BAD " + r.Text
	}
	return "the server says NO " + r.Text
}

// answer deals with one line. An answer under another tag means that the two
// sides have lost each other.
func answer(line []byte, tag string, handle func([]byte) error) (done bool, err error) {
	first, rest, _ := bytes.Cut(line, []byte(" "))
	word, text, _ := bytes.Cut(rest, []byte(" "))
	word = bytes.ToUpper(word[:min(len(word), 16)])
	switch {
	case string(first) == "*":
		switch string(word) {
		case "BYE":
			return true, goodbye(text)
		case "OK", "NO", "BAD":
			return false, nil
		}
		return false, handle(rest)
	case string(first) != tag:
		return true, protocolError("an answer to another command", line)
	}
	switch string(word) {
	case "OK":
		return true, nil
	case "NO", "BAD":
		return true, &Refusal{Bad: string(word) == "BAD", Text: sample(text)}
	}
	return true, protocolError("an answer that is neither OK, NO nor BAD", line)
}

// Close logs out and ends the connection. It does not wait for a server that
// keeps silent, and reports nothing about a connection that failed before.
func (c *Client) Close() error {
	if c.wire.over() {
		c.drop()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(c.options.Patience, time.Second))
	defer cancel()
	err := c.do(ctx, "log out", smallAnswer, func() error { return c.imap.Logout().Wait() })
	c.drop()
	return c.named(err)
}

// drop ends the connection without a word and waits for its goroutines.
func (c *Client) drop() {
	c.wire.fail(errClosed)
	c.imap.Close() // reports the end that was just made
}
