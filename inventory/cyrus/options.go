package cyrus

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// TLS says how a connection is protected.
type TLS string

// Ways to protect a connection. None is refused unless the server is on the
// loopback interface of this machine.
const (
	StartTLS    TLS = "starttls" // upgraded before anything is said; the default
	ImplicitTLS TLS = "tls"      // TLS from the first byte
	None        TLS = "none"     // in clear text
)

// Secret is a password. It shows itself only to code that converts it to a
// string, never when it is printed, logged or encoded.
type Secret string

// String returns a fixed text.
func (Secret) String() string { return "[secret]" }

// Format writes a fixed text for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText returns a fixed text, also for JSON and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Options say which server to ask, as whom and how patiently.
type Options struct {
	// Address is host:port of the IMAP service.
	Address string
	// User and Password are the account that logs in.
	User     string
	Password Secret
	// As is the user to act as; empty means User itself. Cyrus lets accounts in
	// admins and in proxyservers do that.
	As string

	// Known is what another connection to the same server learned, also As a user
	// if this one is; it is not asked again. What cannot be known of a user is
	// not in it. Nil asks.
	Known *Server
	// Domains says that users' names end in a domain that keeps their mailboxes
	// apart, which internal names show. It is for a connection As a user.
	Domains bool

	// TLS is how to protect the connection; empty means StartTLS.
	TLS TLS
	// CAFile is a file of certificates in PEM to trust; empty means those of
	// the system.
	CAFile string

	// Patience is how long a server may keep us waiting: each command must end
	// within this time and what its bytes take at 16 KiB a second. Zero means
	// 30 seconds.
	Patience time.Duration
	// Mailboxes is how many mailboxes the server is expected to have. One that
	// tells of more than four times as many, or of four times 32,768 where that
	// is more, is cut off: it would fill our memory. Zero is no expectation.
	Mailboxes int
}

const (
	defaultPatience = 30 * time.Second
	longestPassword = 4096
	// fewestExpected is how many mailboxes are always expected.
	fewestExpected = 1 << 15
)

// A mailbox in the list of all takes 130 bytes with its status, and one name of
// the usual length; in the answers about access lists and places 300 to 500.
const (
	listBytes    = 512
	detailBytes  = 2048
	mostExpected = 1 << 40 / detailBytes
)

// most returns how many mailboxes a server may tell of.
func (o Options) most() int { return 4 * min(max(o.Mailboxes, fewestExpected), mostExpected) }

// room returns how many bytes the server may take to tell of its mailboxes, at
// so many for each that is expected.
func (o Options) room(each int64) int64 { return int64(o.most()) / 4 * each }

// withDefaults fills in the defaults.
func (o Options) withDefaults() Options {
	if o.TLS == "" {
		o.TLS = StartTLS
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	return o
}

// check finds what must not reach a server: the SASL mechanism PLAIN separates
// its three parts by NUL, so a NUL in a user's name would begin the next part.
func (o Options) check() error {
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return fmt.Errorf("address %q is not host:port", o.Address)
	}
	switch o.TLS {
	case StartTLS, ImplicitTLS, None:
	default:
		return fmt.Errorf("tls is %q, and may be tls, starttls or none", string(o.TLS))
	}
	if o.User == "" {
		return errors.New("no user to log in as")
	}
	for _, name := range []string{o.User, o.As} {
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("user name %q holds a control character", name)
		}
		if len(name) > 1024 {
			return fmt.Errorf("user name of %d bytes is too long", len(name))
		}
	}
	switch {
	case o.Password == "":
		return errors.New("the password is empty")
	case len(o.Password) > longestPassword:
		return fmt.Errorf("the password has %d bytes, more than %d", len(o.Password), longestPassword)
	case strings.ContainsAny(string(o.Password), "\x00\r\n"):
		return errors.New("the password holds a line break or NUL")
	}
	return nil
}
