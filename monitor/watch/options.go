package watch

import (
	"cmp"
	"context"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/logs"
	"github.com/interlacemail/interlace/monitor/processes"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// Options say what to watch and whom to tell.
type Options struct {
	Server inventory.ServerID
	// Instances returns those of this server, as their configuration is now. Where
	// the inventory cannot be read again they are those that it had, beside an error
	// that says so; without any, what they were last is looked at.
	Instances func(context.Context) ([]monitor.Instance, error)
	// Neighbours returns the imapd.conf of instances that other servers of the
	// inventory have on this very machine; nil: there are none.
	Neighbours func() []string
	// Routing says on which server the users of a store are served. It is asked where
	// what repairs a finding would do harm on a former master; nil: nobody knows.
	Routing func(context.Context, inventory.StoreID) (inventory.ServerID, error)
	// Peer says what the other end of a channel takes itself to be. It is asked where
	// Routing is; nil: nobody knows.
	Peer   func(context.Context, *processes.Job) (inventory.Role, error)
	Memory Memory
	Desk   Desk // nil: findings are not told, only recorded

	Backlog, Processes, Usage time.Duration // between two looks; 2m, 10m, 5m
	Lag                       synclag.Options
	Logs                      logs.Options // Server, Instances, PID and Unit are filled in
	Compare                   Comparing
	// Recover works a log off that nobody works on, or says why it does not; nil:
	// nothing is worked off.
	Recover func(context.Context, processes.Job) (monitor.Action, error)

	// Service is told how the service is doing, in the words of sd_notify(3);
	// nil: nobody is.
	Service func(state string)
	// Watchdog is how often Service wants a sign of life; 0: never.
	Watchdog time.Duration
	// Complain is told what could not be done; nil: nobody is. The same is told
	// once as long as it lasts.
	Complain func(error)

	Proc string // /proc if empty
	Now  func() time.Time
}

// Memory keeps what is seen.
type Memory interface {
	synclag.Memory
	logs.Memory
	compare.Memory
	BeginComparison(context.Context, *monitor.ComparisonRun) error
	EndComparison(context.Context, *monitor.ComparisonRun) error
	SaveCopies(ctx context.Context, copies []monitor.Copy, now time.Time) error
	Copies(context.Context) (map[monitor.Copy]time.Time, error)
	Compared(context.Context) ([]monitor.CopyState, error)
	LastConfirmations(context.Context) ([]monitor.Confirmation, error)
	LastSteps(context.Context) (map[string]time.Time, error)
	Differences(ctx context.Context, gone time.Time) ([]monitor.KeptDifference, error)
	Alerts(ctx context.Context, since time.Time) ([]monitor.Alert, error)
	SaveBacklog(context.Context, []monitor.Backlog) error
	SaveBatches(context.Context, []monitor.Batch) error
	SaveUsage(context.Context, []monitor.Usage) error
	Notes(ctx context.Context, most int) ([]monitor.Note, error)
	ForgetNotes(ctx context.Context, through int64) error
	Milestones(context.Context) ([]monitor.Milestone, error)
	Actions(ctx context.Context, since time.Time) ([]monitor.Action, error)
	Tidy(ctx context.Context, now time.Time) error
}

// Desk takes in looks and tells what is to be told.
type Desk interface {
	Judge(ctx context.Context, looks []monitor.Look, now time.Time) error
	Deliver(ctx context.Context, now func() time.Time) error
	Troubles(now time.Time) []monitor.Finding
}

func (o Options) withDefaults() Options {
	o.Backlog = cmp.Or(o.Backlog, 2*time.Minute)
	o.Processes = cmp.Or(o.Processes, 10*time.Minute)
	o.Usage = cmp.Or(o.Usage, 5*time.Minute)
	o.Lag.Interval = cmp.Or(o.Lag.Interval, o.Backlog)
	if o.Service == nil {
		o.Service = func(string) {}
	}
	if o.Complain == nil {
		o.Complain = func(error) {}
	}
	return o
}
