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

	// TLS is how to protect the connection; empty means StartTLS.
	TLS TLS
	// CAFile is a file of certificates in PEM to trust; empty means those of
	// the system.
	CAFile string

	// Patience is how long a server may keep us waiting: each command must end
	// within this time and what its bytes take at 16 KiB a second. Zero means
	// 30 seconds.
	Patience time.Duration
	// MostBytes is what the list of all mailboxes may have, and a quarter of
	// what their details may have. Zero means 64 MiB, which is room for half a
	// million mailboxes.
	MostBytes int64
}

const (
	defaultPatience  = 30 * time.Second
	defaultMostBytes = 64 << 20
	longestPassword  = 4096
)

// withDefaults fills in the defaults.
func (o Options) withDefaults() Options {
	if o.TLS == "" {
		o.TLS = StartTLS
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.MostBytes == 0 {
		o.MostBytes = defaultMostBytes
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
