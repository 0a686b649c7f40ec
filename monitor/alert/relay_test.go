package alert_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay is a mail relay that takes mail, and misbehaves where it is told to.
type relay struct {
	address string
	roots   *x509.CertPool
	config  *tls.Config

	mutex    sync.Mutex
	Implicit bool              // TLS from the first byte
	Plain    bool              // no STARTTLS is offered
	Says     map[string]string // replies by verb, and by "." for that to the end of a message
	Slow     time.Duration     // before the reply to a message
	Cut      bool              // hangs up after a message, before its reply
	CutAfter bool              // hangs up after that reply
	Stall    bool              // says nothing at all
	Taken    func()            // called when a message is taken, before the reply
	mails    []string
	talked   []string // verbs
	clear    bool     // mail was taken without TLS
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{Says: map[string]string{}}
	r.certificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return r
}

func (r *relay) certificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	r.config = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	r.roots = x509.NewCertPool()
	r.roots.AddCert(leaf)
}

func (r *relay) set(change func()) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	change()
}

// received returns the messages that were taken.
func (r *relay) received() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]string(nil), r.mails...)
}

func (r *relay) reply(verb, usual string) string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.talked = append(r.talked, verb)
	if said, ok := r.Says[verb]; ok {
		return said
	}
	return usual
}

func (r *relay) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	r.mutex.Lock()
	implicit, plain, stall := r.Implicit, r.Plain, r.Stall
	r.mutex.Unlock()
	secure := implicit
	if implicit {
		conn = tls.Server(conn, r.config)
	}
	lines := bufio.NewReader(conn)
	if stall {
		lines.ReadByte()
		return
	}
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	say(r.reply("greeting", "220 relay ESMTP"))
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch verb {
		case "EHLO":
			if !secure && !plain {
				say("250-relay\r\n250 STARTTLS")
			} else {
				say("250-relay\r\n250-8BITMIME\r\n250 AUTH PLAIN")
			}
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, r.config)
			lines, secure = bufio.NewReader(conn), true
		case "DATA":
			answer := r.reply("DATA", "354 go on")
			say(answer)
			if answer[0] != '3' || !r.take(lines, say, secure) {
				continue
			}
			return
		case "QUIT":
			say("221 bye")
			return
		case "AUTH":
			say(r.reply(verb, "235 welcome"))
		default:
			say(r.reply(verb, "250 fine"))
		}
	}
}

// take reads a message and reports whether the line was cut.
func (r *relay) take(lines *bufio.Reader, say func(string), secure bool) (cut bool) {
	var mail strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return true
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(strings.TrimPrefix(line, "."))
	}
	answer := r.reply(".", "250 taken")
	r.mutex.Lock()
	slow, cutBefore, cutAfter, taken := r.Slow, r.Cut, r.CutAfter, r.Taken
	if answer[0] == '2' {
		r.mails = append(r.mails, mail.String())
		r.clear = r.clear || !secure
	}
	r.mutex.Unlock()
	if taken != nil {
		taken()
	}
	time.Sleep(slow)
	if cutBefore {
		return true
	}
	say(answer)
	return cutAfter
}
