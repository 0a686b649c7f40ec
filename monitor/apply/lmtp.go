package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"path"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

// errNoLMTP says that a server does not let us ask.
var errNoLMTP = errors.New("it does not let this machine deliver")

// recipients asks a server, at host:port or at a socket of this machine, by LMTP (RFC 2033) whether it would take mail for users, and
// returns what it says of those for whom it would not. No message is sent. Each answer is waited
// for as long as for a server that others wait for.
func recipients(ctx context.Context, address string, users []inventory.UserID) (map[inventory.UserID]string, error) {
	ctx, cancel := context.WithTimeout(ctx, host.Short+time.Duration(len(users))*time.Second)
	defer cancel()
	network := "tcp"
	if path.IsAbs(address) {
		network = "unix"
	}
	conn, err := (&net.Dialer{Timeout: host.Greeting}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	t := textproto.NewConn(conn)
	defer t.Close()
	answer := func(want int) error {
		_ = conn.SetDeadline(time.Now().Add(host.Greeting)) // of such connections it never fails
		_, _, err := t.ReadResponse(want)
		return err
	}
	if err := answer(220); err != nil {
		return nil, fmt.Errorf("lmtp %s: %w", address, err)
	}
	ask := func(want int, format string, args ...any) error {
		if err := t.PrintfLine(format, args...); err != nil {
			return err
		}
		return answer(want)
	}
	if err := ask(250, "LHLO interlace"); err != nil {
		return nil, fmt.Errorf("lmtp %s: %w", address, err)
	}
	if err := ask(250, "MAIL FROM:<>"); err != nil {
		return nil, fmt.Errorf("lmtp %s: %w: %w", address, errNoLMTP, err)
	}
	refused := map[inventory.UserID]string{}
	for _, u := range users {
		err := ask(25, "RCPT TO:<%s>", u)
		var answer *textproto.Error
		switch {
		case errors.As(err, &answer):
			refused[u] = answer.Error()
		case err != nil:
			return nil, fmt.Errorf("lmtp %s: %w", address, err)
		}
	}
	return refused, errors.Join(ask(250, "RSET"), ask(221, "QUIT"))
}

// addressable reports whether mail can be addressed to a user at all: lmtpd takes no quoted
// names, and what stands behind a + is no part of the name.
func addressable(user inventory.UserID) bool {
	local, _, _ := strings.Cut(string(user), "@")
	return local != "" && !strings.ContainsFunc(local, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!#$%&'*-/=?^_`{|}~.", r))
	})
}
