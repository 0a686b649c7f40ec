package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/interlacemail/interlace/monitor"
)

// TLS policies of a mail relay. Without TLS only this machine itself is spoken to.
const (
	TLS      = "tls"      // from the first byte
	StartTLS = "starttls" // before anything else, or not at all
	NoTLS    = "none"
)

// Mail is a route to one address, by a relay. The relay should be none of the
// servers that are watched.
type Mail struct {
	Relay    string // host:port
	From, To string // addresses
	TLS      string // a policy; default starttls
	Roots    *x509.CertPool
	User     string // empty: without authentication
	Password string
	List     string // of List-Id; default interlace.DOMAIN of From
}

// Check lists what is wrong with the route.
func (m *Mail) Check() error {
	return errors.Join(CheckRelay(m.Relay, m.TLS), CheckAddress(m.From), CheckAddress(m.To))
}

// CheckRelay lists what is wrong with a relay and the policy by which it is spoken to.
func CheckRelay(relay, policy string) error {
	var mistakes []error
	host, port, err := net.SplitHostPort(relay)
	if _, notNumber := strconv.ParseUint(port, 10, 16); err != nil || notNumber != nil || host == "" {
		mistakes = append(mistakes, fmt.Errorf("%q is not a relay; write HOST:PORT", relay))
	}
	switch policy {
	case "", TLS, StartTLS:
	case NoTLS:
		if ip := net.ParseIP(host); host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			mistakes = append(mistakes, fmt.Errorf("mail to %s would travel in the clear; tls: none is for a relay on localhost, use starttls or tls", host))
		}
	default:
		mistakes = append(mistakes, fmt.Errorf("%q is no TLS policy; there are tls, starttls and none", policy))
	}
	return errors.Join(mistakes...)
}

// CheckAddress says what is wrong with a mail address.
func CheckAddress(address string) error {
	if a, err := netmail.ParseAddress(address); err != nil || a.Address != address {
		return fmt.Errorf("%q is not a mail address; write NAME@DOMAIN alone", address)
	}
	return nil
}

// Deliver implements [Route].
func (m *Mail) Deliver(ctx context.Context, message *monitor.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	msg, err := m.compose(message)
	if err != nil {
		return &Refusal{err}
	}
	client, hangUp, err := m.client(ctx)
	if err != nil {
		return err
	}
	defer hangUp()
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("call %s: %w", m.Relay, unaddressed(err))
	}
	err = client.Send(msg)
	if msg.IsDelivered() { // what goes wrong after the relay's word does not take it back
		client.Close()
		return nil
	}
	var failed *mail.SendError
	refused := errors.As(err, &failed) && failed.ErrorCode() >= 500 && failed.ErrorCode() < 600
	if failed != nil { // what failed is the same for all messages, so their ids do not belong to it
		text, _, _ := strings.Cut(err.Error(), ", affected message ID:")
		err = errors.New(text)
	}
	err = fmt.Errorf("%s: %w", m.Relay, err)
	if refused {
		return &Refusal{err}
	}
	return err
}

func (m *Mail) compose(message *monitor.Message) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	if err := errors.Join(msg.From(m.From), msg.To(m.To)); err != nil {
		return nil, err
	}
	msg.Subject(line(message.Subject, longestSubject))
	msg.SetMessageIDWithValue(message.ID)
	msg.SetDateWithValue(message.Made)
	if message.Answers != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+message.Answers+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+message.Answers+">")
	}
	list := m.List
	if list == "" {
		list = "interlace." + m.From[strings.LastIndexByte(m.From, '@')+1:]
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("List-Id", "interlace alerts <"+list+">")
	msg.SetBodyString(mail.TypeTextPlain, message.Body)
	return msg, nil
}

// client returns a client that is cut off when the context ends, in the middle of
// a word if need be.
func (m *Mail) client(ctx context.Context) (*mail.Client, func(), error) {
	host, port, err := net.SplitHostPort(m.Relay)
	if err != nil {
		return nil, nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, nil, err
	}
	config := &tls.Config{ServerName: host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12}
	hangUp := func() {}
	whole := ctx // that of dialling ends with the greeting
	options := []mail.Option{
		mail.WithPort(number), mail.WithTLSConfig(config), mail.WithTimeout(untilEnd(ctx)),
		mail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := m.dial(ctx, network, address, config)
			if err == nil {
				stop := context.AfterFunc(whole, func() { conn.Close() })
				hangUp = func() { stop(); conn.Close() }
			}
			return conn, err
		}),
	}
	switch m.TLS {
	case TLS:
		options = append(options, mail.WithSSL())
	case NoTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(m.Password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, nil, err
	}
	return client, func() { hangUp() }, nil
}

// untilEnd returns how long there is until the context ends.
func untilEnd(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return time.Minute
	}
	return max(time.Millisecond, time.Until(end))
}

func (m *Mail) dial(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if there, ok := conn.RemoteAddr().(*net.TCPAddr); m.TLS == NoTLS && (!ok || !there.IP.IsLoopback()) {
		conn.Close()
		return nil, fmt.Errorf("%s is not on this machine; tls: none is for a relay on localhost, use starttls or tls", address)
	}
	if m.TLS != TLS {
		return conn, nil
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}
