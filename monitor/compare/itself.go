package compare

import (
	"context"
	"errors"
	"slices"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

var errItself = errors.New("master and replica wrote all of their mailboxes in the same seconds: they are one instance, which the fleet file has under two addresses (imap)")

// manyMoments is in how many different seconds mailboxes must have been written to be
// sure, but in tests: a replica writes what its master did a moment later. Even where
// that is the same second nineteen times of twenty, it is not two hundred times.
var manyMoments = 200

// mostAsked is of how many mailboxes it is asked, and askedAtOnce of how many before what
// is known of those is looked at: of two instances the first few tell.
const mostAsked, askedAtOnce = 1000, 50

// itself fails where the two sides are one instance, behind two addresses. All that is
// replicated is the same on both by nature; when each wrote it is not.
func (p *pair) itself(ctx context.Context, l *lane, master, replica []cyrus.Mailbox) error {
	onReplica := map[cyrus.ExternalName]bool{}
	for i := range replica {
		onReplica[replica[i].Name] = true
	}
	var names []cyrus.ExternalName
	every := max(1, len(master)/mostAsked)
	for i := 0; i < len(master); i += every {
		if m := &master[i]; m.Readable && onReplica[m.Name] {
			names = append(names, m.Name)
		}
	}
	if len(names) < manyMoments {
		return nil
	}
	moments := map[string]bool{}
	for some := range slices.Chunk(names, askedAtOnce) {
		ours, theirs, err := lookAt(l, func(s *side) (map[cyrus.ExternalName]string, error) {
			if err := s.admin(ctx); err != nil {
				return nil, err
			}
			return s.client.Updated(ctx, some)
		})
		if err != nil {
			l.close()
			return ctx.Err() // a server that cannot tell this may yet tell all that is compared
		}
		for name, at := range ours {
			if theirs[name] != at {
				return nil
			}
			moments[at] = true
		}
	}
	if len(moments) >= manyMoments {
		return errItself
	}
	return nil
}
