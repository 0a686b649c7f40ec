package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// Gates tell what is known of the fleet now, before units begin and between their steps.
// What is nil is not known, and keeps nothing from being done.
type Gates struct {
	// Lags tell how the replication of stores stands, and Alerts what fires, without what
	// is kept quiet on behalf of this run.
	Lags   func(ctx context.Context) ([]monitor.Lag, error)
	Alerts func(ctx context.Context) ([]monitor.Alert, error)
	// Closed says why nothing may begin at a time; empty: it may.
	Closed func(at time.Time) string
	// Night returns when the night began that a time belongs to, and when it ends, and Begun the
	// units of whatever plans that began since a time, in any apply.
	Night func(at time.Time) (began, ends time.Time)
	Begun func(ctx context.Context, since time.Time) ([]Begun, error)
	// Asked reports whether somebody has asked for the end.
	Asked func(ctx context.Context) (bool, error)
}

// Begun is a unit that has begun.
type Begun struct {
	Plan, Unit string
	Users      int  // who move
	Back       bool // they are moved back
}

// hindrance is why something may not begin now.
type hindrance struct {
	why string
	// cause is what it is about, where it is told in other words from time to time.
	cause string
	// ends says that nothing else may begin either, and lasting that it goes away by
	// itself, in whatever time.
	ends, lasting bool
	asked         bool // somebody has asked for the end
	unheard       bool // a server does not answer, and is not waited for
	stays         bool // it stays until somebody mends it, and is not waited for
}

func (h *hindrance) Error() string { return h.why }

// errEnds says that the whole run is to end.
func errEnds(format string, args ...any) error {
	return &hindrance{why: fmt.Sprintf(format, args...), ends: true}
}

// ask looks whether the end of the run has been asked for, by a command or by a file on
// one of the servers.
func (o *Options) ask(ctx context.Context, servers []inventory.ServerID) error {
	if o.Gates.Asked != nil {
		if asked, err := o.Gates.Asked(ctx); err != nil {
			return errEnds("whether to stop is not known: %v", err)
		} else if asked {
			return &hindrance{why: "stopped by interlace apply --stop", ends: true, asked: true}
		}
	}
	if o.Limits.StopFile == "" {
		return nil
	}
	found := make([]error, len(servers))
	var asking sync.WaitGroup
	for i, server := range servers {
		asking.Go(func() { found[i] = o.stopFileOn(ctx, server) })
	}
	asking.Wait()
	for _, err := range found {
		if h := (*hindrance)(nil); errors.As(err, &h) && h.asked {
			return err
		}
	}
	return cmp.Or(found...)
}

// stopFileOn looks whether the file that asks for the end is on a server.
func (o *Options) stopFileOn(ctx context.Context, server inventory.ServerID) error {
	what := "stop file on " + string(server)
	err := o.silent.About(what)
	if err == nil {
		asking, cancel := host.Soon(ctx)
		defer cancel()
		_, err = o.Run(asking, server, "", "test", "-e", o.Limits.StopFile)
		if err == nil {
			return &hindrance{why: fmt.Sprintf("stopped by %s on %s", o.Limits.StopFile, server), ends: true, asked: true}
		}
	}
	var status interface{ ExitCode() int }
	if errors.As(err, &status) && status.ExitCode() == 1 {
		return nil
	}
	if ctx.Err() == nil {
		o.silent.Note(what, err)
	}
	return &hindrance{why: fmt.Sprintf("whether %s is on %s is not known: %v", o.Limits.StopFile, server, err), ends: true, unheard: true}
}

// hinders says what keeps a unit from its next step. What has begun to be moved may go on
// when the window closes as long as nobody is kept out for it. That a server does not answer
// keeps nobody else from being moved back.
func (o *Options) hinders(ctx context.Context, u *course.Unit) error {
	err := o.hindered(ctx, u)
	if h := (*hindrance)(nil); errors.As(err, &h) && h.unheard {
		h.ends = u.Of == ""
	}
	return err
}

func (o *Options) hindered(ctx context.Context, u *course.Unit) error {
	if err := o.ask(ctx, o.servers(u)); err != nil {
		return err
	}
	if err := o.closed(); err != nil {
		return err
	}
	return o.unready(ctx, u)
}

// unready says what keeps the stores that a unit concerns from being worked on.
func (o *Options) unready(ctx context.Context, u *course.Unit) error {
	if err := o.doubted(u); err != nil {
		return err
	}
	if err := o.inRole(ctx, u); err != nil {
		return err
	}
	return o.watched(ctx, u)
}

// closed says that it is no time for anything to begin.
func (o *Options) closed() error {
	if o.Gates.Closed == nil {
		return nil
	}
	if why := o.Gates.Closed(o.Now()); why != "" {
		return &hindrance{why: why, lasting: true}
	}
	return nil
}

// doubted says of which store that a unit concerns it is not known which instances it has.
func (o *Options) doubted(u *course.Unit) error {
	for _, name := range u.Stores() {
		if why := o.Doubts[name]; why != "" {
			return &hindrance{why: why, stays: true}
		}
	}
	return nil
}

// inRole looks whether the instances that a unit concerns are what the inventory has.
func (o *Options) inRole(ctx context.Context, u *course.Unit) error {
	if o.Live.Roles == nil {
		return nil
	}
	stores := u.Stores()
	wrong := make([]error, len(stores))
	var asking sync.WaitGroup
	for i, name := range stores {
		if at := o.Inventory.Store(name); at >= 0 {
			asking.Go(func() { wrong[i] = o.rolesOf(ctx, &o.Inventory.Stores[at]) })
		}
	}
	asking.Wait()
	if err := cmp.Or(wrong...); err != nil {
		unheard := errors.Is(err, ErrUnreached)
		return &hindrance{why: err.Error(), ends: unheard, unheard: unheard, stays: !unheard}
	}
	return nil
}

// rolesOf looks whether the instances of a store are what the inventory has, as far as they
// answer soon.
func (o *Options) rolesOf(ctx context.Context, s *inventory.Store) error {
	what := "roles of " + string(s.Name)
	if err := o.silent.About(what); err != nil {
		return err
	}
	asking, cancel := host.Soon(ctx)
	defer cancel()
	err := o.Live.Roles(asking, s)
	if errors.Is(err, ErrUnreached) && ctx.Err() == nil {
		o.silent.Note(what, err)
	}
	return err
}

// watched looks what the monitor knows of the stores that a unit concerns.
func (o *Options) watched(ctx context.Context, u *course.Unit) error {
	var lags []monitor.Lag
	var alerts []monitor.Alert
	var err, alertsErr error
	if o.Gates.Lags != nil {
		lags, err = o.Gates.Lags(ctx)
	}
	if o.Gates.Alerts != nil {
		alerts, alertsErr = o.Gates.Alerts(ctx)
	}
	if err := errors.Join(err, alertsErr); err != nil {
		return errEnds("what the monitor knows can't be read: %v", err)
	}
	if h := troubled(u.Stores(), lags, alerts); h != nil {
		return h
	}
	return nil
}

// troubled says what speaks against working on stores: that one is so far behind that an
// alert is due ends everything, any other trouble may pass.
func troubled(stores []inventory.StoreID, lags []monitor.Lag, alerts []monitor.Alert) *hindrance {
	var found *hindrance
	for i := range lags {
		l := &lags[i]
		if !slices.Contains(stores, l.Store) {
			continue
		}
		switch {
		case l.Level == monitor.LevelAlert:
			return &hindrance{why: fmt.Sprintf("store %s is too far behind (interlace lag)", l.Store), ends: true}
		case l.Level == monitor.LevelBehind, slices.Contains([]monitor.Verdict{monitor.Stopped, monitor.Stalled, monitor.Behind, monitor.Flapping}, l.Verdict):
			found = &hindrance{why: fmt.Sprintf("store %s is behind: %s (interlace lag)", l.Store, l.Verdict)}
		}
	}
	for i := range alerts {
		a := &alerts[i]
		if found == nil && a.Severity == monitor.Critical && a.Stage != monitor.Resolved && slices.Contains(stores, inventory.StoreID(a.Store)) {
			found = &hindrance{why: fmt.Sprintf("store %s has the critical alert %d, %s (interlace alerts)", a.Store, a.Number, a.Kind)}
		}
	}
	return found
}

// await waits until nothing hinders, for as long as a hindrance may last, and tells until when
// at most; zero: as long as it takes. The error is what hindered last.
func (o *Options) await(ctx context.Context, hinders func(context.Context) error, tell func(why string, until time.Time)) error {
	since := o.Now()
	for said := ""; ; {
		err := hinders(ctx)
		var h *hindrance
		if err == nil || !errors.As(err, &h) || h.ends || h.unheard || h.stays || !h.lasting && o.Now().Sub(since) >= o.Limits.patience() {
			return err
		}
		if cause := cmp.Or(h.cause, h.why); cause != said {
			said = cause
			until := since.Add(o.Limits.patience())
			if h.lasting {
				until = time.Time{}
			}
			tell(h.why, until)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.Limits.poll()):
		}
	}
}

func (l *Limits) patience() time.Duration {
	if l.Patience == 0 {
		return 10 * time.Minute
	}
	return l.Patience
}

func (l *Limits) poll() time.Duration {
	if l.Poll == 0 {
		return 2 * time.Second
	}
	return l.Poll
}

func (l *Limits) atOnce() int {
	if l.AtOnce == 0 {
		return 4
	}
	return l.AtOnce
}

func (l *Limits) perServer() int {
	if l.PerServer == 0 {
		return 1
	}
	return l.PerServer
}

func (l *Limits) failures() int {
	if l.Failures == 0 {
		return 2
	}
	return l.Failures
}
