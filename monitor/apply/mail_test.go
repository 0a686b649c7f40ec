package apply_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// While 30 users with shared folders move between three stores mail keeps coming for
// them: all that was taken is on the store where the user is afterwards, once, and what
// was not was deferred, never refused. Users who read and write all the while are cut off
// at times, and find all that they had when they come back. With INTERLACE_SOAK it is many
// rounds.
func TestMovesWhileMailComes(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, cyrustest.Settings{})
	r.people(t)
	rounds := 1
	if soak() {
		rounds = 5
	}
	j := &journal{left: -1}
	post := &post{rig: r, taken: map[string][]string{}, deferred: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	for i := range 3 {
		working.Go(func() { post.deliver(ctx, t, i) })
	}
	for _, u := range []string{"u00", "u07", "u15"} {
		working.Go(func() { post.write(ctx, t, u) })
	}
	for round := range rounds {
		var moving errgroup.Group
		moving.SetLimit(2)
		for _, u := range r.round(round) {
			moving.Go(func() error {
				o := r.options(j)
				if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Moved {
					return fmt.Errorf("%s, %w\n%v", outcome, err, j)
				}
				if outcome, err := later(o).Carry(t.Context(), u, false); outcome != course.Finished {
					return fmt.Errorf("%s, %w\n%v", outcome, err, j)
				}
				return nil
			})
		}
		must(t, moving.Wait())
	}
	stop()
	working.Wait()
	for u := range 30 {
		post.account(t, fmt.Sprintf("u%02d", u))
	}
	t.Logf("%d messages taken, %d deferred", post.count(), len(post.deferred))
	if post.count() < 100 {
		t.Errorf("only %d messages were taken: that shows little", post.count())
	}
}

// people makes 30 users, ten on each store, who share folders in fives.
func (r *rig) people(t *testing.T) {
	t.Helper()
	for store, s := range r.Stores {
		var boxes []cyrustest.Mailbox
		for n := store * 10; n < store*10+10; n++ {
			next := fmt.Sprintf("u%02d", n/5*5+(n+1)%5)
			boxes = append(boxes,
				cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d", n), Messages: 3, Quota: 100000},
				cyrustest.Mailbox{Name: fmt.Sprintf("user.u%02d.Shared", n), Messages: 2, ACL: []cyrustest.Right{{Identifier: next, Rights: "lrswipte"}}})
			r.routes[inventory.UserID(fmt.Sprintf("u%02d", n))] = inventory.ServerID(s.Master().Name)
		}
		must(t, s.Master().Fill(t.Context(), boxes))
	}
}

// round returns the units by which everybody moves on to the next store.
func (r *rig) round(n int) []*course.Unit {
	var units []*course.Unit
	for first := 0; first < 30; first += 5 {
		var users []string
		for i := range 5 {
			users = append(users, fmt.Sprintf("u%02d", first+i))
		}
		at := first/10 + n
		units = append(units, unit(fmt.Sprintf("%s in round %d", users[0], n), r.Stores[at%3].Name, r.Stores[(at+1)%3].Name, users...))
	}
	return units
}

// post is a mail server that delivers where users are routed, and tries again what was
// deferred.
type post struct {
	*rig
	mu       sync.Mutex
	taken    map[string][]string // digests by user
	deferred map[string]int
}

func (p *post) count() int {
	n := 0
	for _, list := range p.taken {
		n += len(list)
	}
	return n
}

// deliver delivers message after message, each until it is taken.
func (p *post) deliver(ctx context.Context, t *testing.T, worker int) {
	for n := 0; ctx.Err() == nil; n++ {
		user := fmt.Sprintf("u%02d", (n*7+worker*11)%30)
		text := message(fmt.Sprintf("%d of %d for %s", n, worker, user), n%500)
		for {
			code, err := p.lmtp(user, text)
			if code == 250 {
				p.keep(user, text)
				time.Sleep(10 * time.Millisecond)
				break
			}
			if code >= 500 {
				t.Errorf("mail for %s is refused: %v", user, err)
				break
			}
			p.mu.Lock()
			p.deferred[user]++
			p.mu.Unlock()
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (p *post) keep(user, text string) {
	p.mu.Lock()
	p.taken[user] = append(p.taken[user], line.FindStringSubmatch(text)[1])
	p.mu.Unlock()
}

// message returns a message that no other equals, with a line that proves that it is whole.
func message(name string, size int) string {
	body := name + strings.Repeat(".", size)
	return fmt.Sprintf("From: <a@example.org>\r\nSubject: %s\r\nMessage-ID: <%x@example.org>\r\n\r\nsha256 %x %s\r\n", name, name, sha256.Sum256([]byte(body)), body)
}

var line = regexp.MustCompile(`(?m)^sha256 ([0-9a-f]{64}) (.*?)\r?$`)

// lmtp delivers one message to where the user is routed, and returns the last answer.
func (p *post) lmtp(user, text string) (int, error) {
	p.rig.mu.Lock()
	in := p.instance(p.routes[inventory.UserID(user)])
	p.rig.mu.Unlock()
	if in == nil {
		return 0, errors.New("nobody knows where the user is")
	}
	return p.lmtpTo(in, user, text)
}

func (p *post) lmtpTo(in *cyrustest.Instance, user, text string) (int, error) {
	conn, err := net.DialTimeout("tcp", in.LMTP, 10*time.Second)
	if err != nil {
		return 0, err
	}
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	c := textproto.NewConn(conn)
	defer c.Close()
	if code, _, err := c.ReadResponse(2); err != nil {
		return code, err
	}
	for _, line := range []string{"LHLO test", "MAIL FROM:<>", "RCPT TO:<" + user + ">"} {
		c.PrintfLine("%s", line)
		if code, _, err := c.ReadResponse(2); err != nil {
			return code, err
		}
	}
	c.PrintfLine("DATA")
	if code, _, err := c.ReadResponse(3); err != nil {
		return code, err
	}
	w := c.DotWriter()
	w.Write([]byte(text))
	w.Close()
	code, _, err := c.ReadResponse(2)
	return code, err
}

// write has a user put messages into a folder as long as somebody lets the user in: what
// the server has taken must stay.
func (p *post) write(ctx context.Context, t *testing.T, user string) {
	for n := 0; ctx.Err() == nil; {
		p.rig.mu.Lock()
		in := p.instance(p.routes[inventory.UserID(user)])
		p.rig.mu.Unlock()
		c, err := in.DialAs(t.Context(), user)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		for ctx.Err() == nil {
			text := message(fmt.Sprintf("draft %d of %s", n, user), 10)
			if _, err := c.Do("APPEND INBOX " + cyrustest.Literal(text)); err != nil {
				break // cut off: the message may be there or not
			}
			p.keep(user, text)
			n++
			time.Sleep(15 * time.Millisecond)
		}
		n++
		c.Close()
	}
}

// account looks whether the user has each message that was taken once, and whole, on the
// one store that lets the user in.
func (p *post) account(t *testing.T, user string) {
	t.Helper()
	found := map[string]int{}
	homes := 0
	for _, s := range p.Stores {
		c, err := s.Master().DialAs(t.Context(), user)
		if err != nil {
			continue
		}
		if _, err := c.Do("EXAMINE INBOX"); err == nil {
			homes++
			lines, err := c.Do("FETCH 1:* (BODY.PEEK[])")
			must(t, err)
			for _, m := range line.FindAllStringSubmatch(strings.Join(lines, "\n"), -1) {
				if found[m[1]]++; m[1] != fmt.Sprintf("%x", sha256.Sum256([]byte(m[2]))) {
					t.Errorf("%s has a message that is not whole: %s", user, m[0])
				}
			}
		}
		c.Close()
	}
	if homes != 1 {
		t.Errorf("%s is on %d stores", user, homes)
	}
	for _, digest := range p.taken[user] {
		if found[digest] == 0 {
			t.Errorf("%s has lost a message", user)
		}
	}
	for digest, n := range found {
		if n > 1 {
			t.Errorf("%s has message %s %d times", user, digest, n)
		}
	}
}
