package confirm

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/course"
)

// Options say how the live fleet is reached, and what else is known of it. What is nil
// is not known, where nothing else is said.
type Options struct {
	// Inventory is the fleet with the addresses of its instances.
	Inventory *inventory.Inventory
	// Side says how to ask an instance, as its administrator.
	Side func(ctx context.Context, in inventory.Instance) (compare.Side, error)
	// ReadWhole has an instance read every message of these owners whole, over as many
	// connections as its server may have.
	ReadWhole func(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, o compare.WholeOptions) (*compare.Whole, error)
	// Denied returns the users whom an instance lets nobody log in as, and gets no mail, with
	// what is told to who tries; and Tools is the directory of the programs that change that.
	Denied func(ctx context.Context, in inventory.Instance) (map[inventory.UserID]string, error)
	Tools  string
	// Running says what the processes of an instance show.
	Running func(ctx context.Context, in inventory.Instance) (Running, error)
	// Routes returns where users are sent: a server, an address or a store. Nil: nothing
	// is promised of it, since nobody can be asked.
	Routes func(ctx context.Context, users []inventory.UserID) (map[inventory.UserID]string, error)
	// Lags are what the history says of the channels of masters.
	Lags []monitor.Lag
	// Carried returns what tells until when a replica has everything, and how long to wait
	// for it, see [compare.Options]. Nil: nobody knows.
	Carried func(s *inventory.Store, replica inventory.ServerID) (func(context.Context) time.Time, time.Duration)
	// Live is the fleet as a discovery found it just now, and Unseen why there is none.
	Live   *inventory.Inventory
	Unseen string
	// Journal is what was written down of carrying out plans.
	Journal Journal
	// Moved is where those are whom plans have moved, as the journal has it, and what is kept of
	// them: that is no fault as long as it is denied. Of who was moved on by a later plan nothing
	// is promised by an earlier one, but for units. What a
	// unit keeps is held against where they are.
	Moved map[inventory.UserID]course.Whereabouts
	// Others are the units of all plans of the journal: of an instance that a later plan has
	// changed nothing is promised by an earlier one.
	Others []course.Unit
	// Barred says, by plan and name, why units are not begun any more, as by facts that
	// have changed since their plan was made.
	Barred map[string]string
	// Occasion is why it is asked. Before originals are deleted it is asked too whether all
	// that moved can be read whole.
	Occasion monitor.Occasion
	// Reading is told now and then how far that is. Nil: nobody is.
	Reading func(compare.Reading)
	// Names keeps who has mailboxes where for checks that follow one another. Nil: each asks
	// all instances.
	Names *Names
	// Earlier are the confirmations of the plan before, in their order.
	Earlier []monitor.Confirmation

	// Compare says how copies are compared; its level, whom and what Carried says are set here.
	Compare compare.Options
	// Now is the time.
	Now func() time.Time
}

// Running is what the processes of an instance show.
type Running struct {
	Runs bool
	Role inventory.Role // of what runs: who sends changes on is a master
}

// Journal is what was written down of carrying out plans.
type Journal interface {
	course.Written
	// Applies returns what was carried out, in the order in which it was begun.
	Applies(ctx context.Context, all bool) ([]monitor.Apply, error)
}

// dial connects to an instance as its administrator or, with as, as a user.
func (o *Options) dial(ctx context.Context, in inventory.Instance, as string) (*cyrus.Client, error) {
	side, err := o.Side(ctx, in)
	if err != nil {
		return nil, err
	}
	side.IMAP.As = as
	return cyrus.Dial(ctx, side.IMAP)
}
