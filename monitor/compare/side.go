package compare

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// host is what all connections to one copy of a store have in common.
type host struct {
	Side
	throttle *throttle
	tries    int           // to connect, behind the first
	pause    time.Duration // between two

	mu      sync.Mutex
	reached bool          // it let somebody connect
	server  cyrus.Server  // as an administrator is told
	known   *cyrus.Server // as users are told
	// domains says that users' names end in domains.
	domains bool
	// damaged are the mailboxes that the server cannot read, and what it said then.
	damaged map[cyrus.InternalName]error
	// refused counts users as whom nobody may log in; let tells that one could.
	refused int
	let     bool
	barred  map[string]error // why the server does not let users in
}

// side is one connection to one copy of a store. There is never more than one at
// a time: as an administrator, or as a user.
type side struct {
	*host
	client *cyrus.Client
	user   string // as whom; empty: as an administrator
	lost   error  // how the connection ended in the middle of a mailbox
}

// admin makes the connection one of an administrator.
func (s *side) admin(ctx context.Context) error {
	if s.client != nil && s.user == "" {
		return nil
	}
	s.close()
	client, err := s.dial(ctx, s.IMAP)
	if err != nil {
		return err
	}
	s.client, s.user = client, ""
	s.mu.Lock()
	s.server = client.Server()
	s.mu.Unlock()
	return nil
}

// dial connects. A connection that is lost on the way is made once more, and a server
// that has answered before and lets nobody connect is waited for: it may be started anew.
func (h *host) dial(ctx context.Context, o cyrus.Options) (client *cyrus.Client, err error) {
	for try := 0; ; try++ {
		client, err = cyrus.Dial(ctx, o)
		h.mu.Lock()
		lost := try == 0 && !errors.Is(err, syscall.ECONNREFUSED)
		again := err != nil && cyrus.Passing(err) && (h.reached || lost) && try < h.tries
		h.reached = h.reached || err == nil
		h.mu.Unlock()
		if !again {
			return client, err
		}
		if err := pause(ctx, h.pause); err != nil {
			return nil, err
		}
	}
}

// against returns what is known against a login as a user, or nil.
func (h *host) against(user string) error {
	if cyrus.Folded(user) != user {
		return cyrus.ErrFolded
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.barred[user]
}

// lets tells whether nothing is known against a login as a user.
func (h *host) lets(user string) bool { return h.against(user) == nil }

// bar remembers why the server does not let a user in.
func (h *host) bar(user string, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.barred == nil {
		h.barred = map[string]error{}
	}
	h.barred[user] = why
}

// errNobody says that the server lets an administrator log in as nobody.
var errNobody = errors.New("the server lets the administrator log in as nobody")

// fewRefused is how many users must be refused, and none let in, before the rest is
// not tried: each refusal takes Cyrus three seconds.
const fewRefused = 3

// as makes the connection one of a user, who must have an INBOX on this side:
// where there is none, a login would create it on servers with autocreate. A user who is
// not let in is barred; where the connection ends it may be the server's trouble.
func (s *side) as(ctx context.Context, user string) error {
	if s.client != nil && s.user == user && user != "" {
		return nil
	}
	s.close()
	o := s.IMAP
	o.As, o.Domains = user, s.domains
	s.mu.Lock()
	o.Known = s.known
	nobody := !s.let && s.refused >= fewRefused
	s.mu.Unlock()
	if nobody {
		return errNobody
	}
	client, err := s.dial(ctx, o)
	if err != nil && !cyrus.Died(err) {
		s.bar(user, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if errors.Is(err, cyrus.ErrLogin) && !errors.Is(err, cyrus.ErrFolded) {
			s.refused++
		}
		return err
	}
	delete(s.barred, user)
	s.client, s.user, s.let = client, user, true
	if s.known == nil {
		known := client.Server()
		s.known = &known
	}
	return nil
}

func (s *side) close() {
	if s.client != nil {
		// How a server says goodbye does not matter when all has been read.
		s.client.Close()
	}
	s.client = nil
}

func (h *host) damage(name cyrus.InternalName, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.damaged == nil {
		h.damaged = map[cyrus.InternalName]error{}
	}
	h.damaged[name] = err
}

// damageOf returns what the server said when it could not read a mailbox.
func (h *host) damageOf(name cyrus.InternalName) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.damaged[name]
}
