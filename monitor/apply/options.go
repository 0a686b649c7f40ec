package apply

import (
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Options say how the live fleet is reached, and what is allowed.
type Options struct {
	// Inventory is the fleet as it is now, and Found as of when users are where somebody has found
	// them; zero: nobody was found.
	Inventory *inventory.Inventory
	Found     time.Time
	// Doubts say of which stores it is not known which instances they have, and what to do: what
	// is not under way waits.
	Doubts map[inventory.StoreID]string
	Run    host.Run
	// Dial connects to an instance as its administrator or, with as, as a user.
	Dial func(ctx context.Context, in inventory.Instance, as inventory.UserID) (*cyrus.Client, error)
	// Tools is the directory of Cyrus's programs on all servers.
	Tools string
	// SyncUser and SyncPassword are the account that sync servers let in.
	SyncUser     string
	SyncPassword cyrus.Secret
	// Name decides in which words routes are written in a fleet as it stands, and fails where these
	// would not tell the ends apart. It changes nothing. Nil: the routes have no names.
	Name func(ctx context.Context, fleet *inventory.Inventory, routes []Route) ([]Route, error)
	// Route sends mail and clients to where the users are now. It may be asked again for
	// what it has done. An error is [Unseen] where they are sent there as far as is known, and
	// [Untold] where nothing has become of it; with another one that may be so of some of them.
	Route func(ctx context.Context, routes []Route) error
	// Layouts say how instances are made and changed.
	Layouts Layouts
	// Journal keeps what was done, and By says who does it for people: the account, the
	// machine and the file.
	Journal Journal
	By      string
	// Whereabouts tells where those are whom plans of the journal have moved, and what is kept
	// of them. It may be of the beginning of the run. Nil: nobody knows.
	Whereabouts func(ctx context.Context) (map[inventory.UserID]course.Whereabouts, error)
	Live        Live

	// Passes is how often what users change meanwhile is copied before they are denied;
	// zero means 5.
	Passes int
	// Denied is how long users may be denied before the unit is taken back, and Expected
	// how long that may be expected to take. Zero means 120 and 60 seconds.
	Denied, Expected time.Duration
	// Keep is how long the original stays and is denied.
	Keep time.Duration
	// Now is the time.
	Now func() time.Time

	rehearsed bool          // nothing is done, only told
	noted     func(Command) // is told what would be done over IMAP, where that is rehearsed
	silent    *host.Silent  // of all units of a run; nil: each asks for itself
	// changed is the fleet as other units of the run have changed it meanwhile; nil: none has.
	changed func() *inventory.Inventory

	// Tally is what several runs have in common that are one apply; nil: there is one alone.
	Tally *Tally

	// Groups are the share groups of the inventory, for its rules.
	Groups *inventory.ShareGroups
	Limits Limits
	Gates  Gates
	// Progress is told when a unit begins a step, or has come to its outcome; from several
	// goroutines. Nil: nobody is.
	Progress func(p Progress)
}

// Limits say how much is done when.
type Limits struct {
	// AtOnce is how many units are carried out at the same time, and PerServer how many
	// of them may copy to or from one server. Zero means 4, and 1.
	AtOnce, PerServer int
	// OnlyWave is the wave of which something may be done; zero: all.
	OnlyWave int
	// UsersPerNight is how many users may begin to move in a night; zero: any number.
	UsersPerNight int
	// Failures is after how many units that failed one after the other nothing more
	// begins. Zero means 2.
	Failures int
	// Patience is how long a unit waits for a store that is behind before it is passed
	// over, and Poll how often it looks. Zero means 10 minutes, and 2 seconds.
	Patience, Poll time.Duration
	// Insist is how long is tried to use the journal where that fails, while users may be
	// kept out. Zero means 20 seconds.
	Insist time.Duration
	// Silence is how long an instance to which something is copied may give no answer before
	// the copy is given up. Zero means a minute.
	Silence time.Duration
	// StopFile is a path on every server; where that is there, nothing more is done.
	StopFile string
}

// Progress is what becomes of a unit.
type Progress struct {
	Unit    *course.Unit
	Verb    course.Verb    // of the step that begins
	Step    monitor.Step   // or empty
	Outcome course.Outcome // waiting for a while or, with Over, what it has come to
	Over    bool
	Still   bool   // nothing was done about it: there was nothing to do
	Why     string // it waits, or has not come further
	Far     string // how far the step is, or nothing
}

// standing is the fleet as it stands by now.
func (o *Options) standing() *inventory.Inventory {
	if o.changed == nil {
		return o.Inventory
	}
	return o.changed()
}

func (o *Options) tell(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// Route is where a user is served from now on.
type Route struct {
	User     inventory.UserID
	From, To inventory.Instance
	Store    inventory.StoreID // of To; empty: that which has it in the inventory
	Was      string            // how To was named before the user was routed away from it, or empty
	Names    course.RouteNames // in which it is written; empty: they are not decided yet
}

// Journal keeps what was done in the order in which it was. What is not written down must
// not be done.
type Journal interface {
	AddStep(ctx context.Context, r *monitor.StepRecord) error
	Steps(ctx context.Context, plan, unit string) ([]monitor.StepRecord, error)
	// Identity tells the journal from others; empty as long as nothing was written.
	Identity(ctx context.Context) (string, error)
}

func (o *Options) passes() int {
	if o.Passes == 0 {
		return 5
	}
	return o.Passes
}

func (o *Options) denied() time.Duration {
	if o.Denied == 0 {
		return 2 * time.Minute
	}
	return o.Denied
}

func (o *Options) expected() time.Duration {
	if o.Expected == 0 {
		return time.Minute
	}
	return o.Expected
}
