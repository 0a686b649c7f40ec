package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Job is a log to work off.
type Job struct {
	Instance monitor.Instance
	Channel  monitor.Channel
	File     string // the log-PID of Cyrus 2.3; empty for log-run
}

// Journal keeps what is done to mail servers. What it can't write down is not done.
type Journal interface {
	BeginAction(context.Context, *monitor.Action) error
	EndAction(context.Context, *monitor.Action) error
}

// RecoverOptions say what is allowed and what is known. Where there is nobody to
// ask for the routing, for the peer's role or for a place to write, what they
// would say is unknown, and unknown means no. Now must be given.
type RecoverOptions struct {
	Allowed bool
	By      string // the account and the command, for the journal
	// Routing says on which server the store's users are served now.
	Routing func(context.Context, inventory.StoreID) (inventory.ServerID, error)
	// Peer says what the other end of the channel takes itself to be.
	Peer func(context.Context, *Job) (inventory.Role, error)
	// SyncDir says where the sync logs are that belong to an imapd.conf. It is asked
	// for clients of which nobody knows whose they are; nil: they are not looked at.
	SyncDir func(conf string) (string, error)
	// Promoted is when this instance last became the master; zero is never.
	Promoted time.Time
	Journal  Journal

	Proc    string        // /proc if empty
	Client  string        // path of sync_client
	Service []string      // starts the rolling client again and is used instead of Client, if given
	Timeout time.Duration // for all of it; 0 is 10 minutes
	Now     func() time.Time
}

// Outcomes of an action.
const (
	Done        = "done"
	Refused     = "refused"
	Failed      = "failed"
	Interrupted = "interrupted" // interlace was ended meanwhile, which says nothing of the log
)

// promotionRest is how long after a promotion nothing is worked off by itself:
// until then the former master may come back and be taken for this one.
const promotionRest = 24 * time.Hour

// Recover works a log off, if that is certain to be right, and returns what was
// done, or why nothing was. Where nothing waits the journal does not hear of it. The
// error says that the journal could not be written.
func Recover(ctx context.Context, job Job, opts RecoverOptions) (monitor.Action, error) {
	if opts.Proc == "" {
		opts.Proc = "/proc"
	}
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Minute
	}
	in := &job.Instance
	a := monitor.Action{
		At: opts.Now(), By: opts.By, What: "recover", Server: in.Server, Store: in.Store, Channel: job.Channel.Name, Command: job.command(&opts),
	}
	refuse := func(why error) monitor.Action {
		a.Outcome, a.Text, a.Ended = Refused, why.Error(), opts.Now()
		return a
	}
	if err := permitted(ctx, &job, &opts); err != nil {
		return refuse(err), nil
	}
	lock, err := claim(job.Channel.Dir)
	if err != nil {
		return refuse(err), nil
	}
	defer lock.Close()
	if err := free(&job, &opts); err != nil {
		return refuse(err), nil
	}
	if job.idle(&opts) {
		a.Outcome, a.Text, a.Ended = Done, "nothing waited", opts.Now()
		return a, nil
	}
	if opts.Journal == nil {
		return refuse(errors.New("there is no journal")), nil
	}
	if err := opts.Journal.BeginAction(ctx, &a); err != nil {
		return a, fmt.Errorf("nothing was worked off: %w", err)
	}
	// The journal may have taken a while. What was true then is asked again.
	err = free(&job, &opts)
	if err == nil {
		err = permitted(ctx, &job, &opts)
	}
	if err != nil {
		a = refuse(err)
	} else {
		a.Outcome, a.Text = work(ctx, &job, &opts, lock)
		a.Ended = opts.Now()
	}
	if err := opts.Journal.EndAction(context.WithoutCancel(ctx), &a); err != nil {
		return a, fmt.Errorf("the log was worked off (%s), and the journal does not know: %w", a.Outcome, err)
	}
	return a, nil
}

// command is what works the log off: Cyrus 3.x takes log-run first, whatever
// else is there, and with -1 ends after a batch.
func (j *Job) command(opts *RecoverOptions) []string {
	client := opts.Client
	if client == "" {
		client = "sync_client"
	}
	switch {
	case len(opts.Service) > 0 && j.File == "":
		return opts.Service
	case j.File != "":
		return clientCommand(client, &j.Instance, &j.Channel, "-f", j.File)
	}
	return clientCommand(client, &j.Instance, &j.Channel, "-1")
}

// permitted says why the log must not be worked off from here, or nothing. The
// client of a former master does the greatest harm there is, so all who know who
// is the master must agree: the inventory, the routing and the other end.
func permitted(ctx context.Context, job *Job, opts *RecoverOptions) error {
	in := &job.Instance
	switch {
	case !opts.Allowed:
		return errors.New("recovery is not allowed (recover: allow)")
	case in.Trouble != "":
		return errors.New(in.Trouble)
	case in.Role != inventory.Master:
		return fmt.Errorf("the inventory says that this is a %s of store %s", in.Role, in.Store)
	case !slices.Contains(in.Channels, job.Channel):
		return fmt.Errorf("store %s has no channel %s", in.Store, inventory.Quoted(job.Channel.Name))
	case job.Channel.Kind == monitor.Squatter || job.Channel.Peer == "":
		return fmt.Errorf("channel %s is not replicated", inventory.Quoted(job.Channel.Name))
	case !opts.Promoted.IsZero() && opts.Now().Sub(opts.Promoted) < promotionRest:
		return fmt.Errorf("it has been seen as the master only since %s, less than %s ago", opts.Promoted.UTC().Format(time.RFC3339), inventory.DurationText(promotionRest.Seconds()))
	case opts.Routing == nil:
		return errors.New("nobody says where users are routed: without routing_file or routing_query nothing is worked off")
	case opts.Peer == nil:
		return errors.New("nobody can ask the replica what it is")
	}
	switch at, err := opts.Routing(ctx, in.Store); {
	case err != nil:
		return fmt.Errorf("the routing does not say that this is the master: %w", err)
	case at != in.Server:
		return fmt.Errorf("users of store %s are routed to %s, not to %s", in.Store, inventory.Quoted(string(at)), in.Server)
	}
	switch role, err := opts.Peer(ctx, job); {
	case err != nil:
		return fmt.Errorf("whether %s is a replica can't be told: %w", inventory.Quoted(job.Channel.Peer), err)
	case role != inventory.Replica:
		return fmt.Errorf("%s takes itself to be a %s", inventory.Quoted(job.Channel.Peer), strings.TrimSpace(string(role)))
	}
	return nil
}

// free says who else works on the channel, or nothing.
func free(job *Job, opts *RecoverOptions) error {
	list := []monitor.Instance{job.Instance}
	seen, err := Look(opts.Proc, list)
	if err != nil {
		return err
	}
	s := &Sight{Processes: seen}
	for _, p := range seen {
		// A client whose descriptors are secret may have any file open.
		if p.Name == "sync_client" && p.State != "Z" && !p.OpenKnown {
			return fmt.Errorf("what process %d (sync_client) has open can't be seen", p.PID)
		}
	}
	if err := strangersAway(job, seen, opts); err != nil {
		return err
	}
	path := job.File
	if path == "" {
		path = job.run()
	}
	if err := holder(opts.Proc, path); err != nil {
		return err
	}
	if job.File == "" {
		if pid := worker(s, &job.Instance, &job.Channel, job.run()); pid != 0 {
			return fmt.Errorf("process %d works on this channel", pid)
		}
		return nil
	}
	l, err := job.left()
	switch {
	case err != nil:
		return err
	case worker23(s, l):
		return fmt.Errorf("a process works on %q", l.Path)
	case parentLives(s, l):
		return fmt.Errorf("process %d lives and will give %q to its next worker", l.Parent, l.Path)
	}
	return nil
}

// strangersAway says which client of another imapd.conf may work on the same logs,
// or nothing.
func strangersAway(job *Job, seen []monitor.Process, opts *RecoverOptions) error {
	if opts.SyncDir == nil {
		return nil
	}
	own, err := os.Stat(job.Instance.SyncDir)
	if err != nil {
		return err
	}
	for _, p := range seen {
		if p.Name != "sync_client" || p.State == "Z" || p.Conf == filepath.Clean(job.Instance.Conf) {
			continue
		}
		dir, err := opts.SyncDir(p.Conf)
		if err != nil {
			return fmt.Errorf("where process %d (sync_client) works can't be told: %w", p.PID, err)
		}
		if other, err := os.Stat(dir); err == nil && os.SameFile(own, other) {
			return fmt.Errorf("process %d works on these logs, with %q", p.PID, p.Conf)
		}
	}
	return nil
}
