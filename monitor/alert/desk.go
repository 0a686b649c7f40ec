package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Ledger keeps alerts and messages. Several processes may share one.
type Ledger interface {
	// StepAlerts calls step with what is known of alerts at a time, and keeps
	// what it returns together with the messages, all or nothing.
	StepAlerts(ctx context.Context, now time.Time, step func(monitor.AlertState) (monitor.AlertState, []monitor.Message)) error
	// ClaimMessage returns the first message on a route that is due at now, or
	// later than latest, and not behind another of its thread; or nil. Nobody
	// else gets it before until.
	ClaimMessage(ctx context.Context, route string, now, until, latest time.Time) (*monitor.Message, error)
	// DropMessages gives up what waits on other routes than these of what a host
	// made, and returns how many messages on each.
	DropMessages(ctx context.Context, host string, routes []string, at time.Time, why string) (map[string]int, error)
	// EndMessage notes what became of trying to send a message.
	EndMessage(ctx context.Context, m *monitor.Message) error
}

// Route takes messages to somebody.
type Route interface {
	// Deliver returns nil if the message was taken, a [*Refusal] if it will not be
	// taken as it is, and another error if it may be later.
	Deliver(ctx context.Context, m *monitor.Message) error
}

// Refusal says that a message was refused for good.
type Refusal struct{ Err error }

func (e *Refusal) Error() string { return e.Err.Error() }
func (e *Refusal) Unwrap() error { return e.Err }

// Desk takes in what looks find, and tells what is to be told.
type Desk struct {
	Ledger  Ledger
	Options Options // Routes and Hosts are filled in from those below
	Routes  map[string]Route
	// Hosts returns [Options.Hosts] as they are now; nil: those of Options stay.
	Hosts func() map[string]inventory.ServerID
	// Alertmanager, if there is one, is told everything; then nothing goes over
	// Routes.
	Alertmanager *Alertmanager
	// Refusals is after how many refusals for good a message is given up;
	// default 10, which takes about an hour and a half.
	Refusals int
	// Timeout is how long one try may take; default 1m.
	Timeout time.Duration

	mutex    sync.Mutex
	dropped  bool                        // what waited on routes that there are no more
	alerts   []monitor.Alert             // as they were after the last round
	unkept   []monitor.Look              // that the ledger could not keep
	pushed   time.Time                   // when the Alertmanager was told last
	stages   string                      // of the alerts that it was told then
	unsaved  map[string]*monitor.Message // of each route: what was tried, and could not be noted
	troubles map[string]trouble          // of each route that does not work
	deaf     deafness
}

// trouble is why a route does not work.
type trouble struct {
	since  time.Time
	tries  int
	gaveUp time.Time // when a message was given up
	reason string
}

const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
	manyTries    = 5             // after which a route that does not work is a finding
	remembered   = 6 * time.Hour // how long it is one that a message was given up
)

// Judge takes in looks; to be called after each, and every few seconds without
// any, since alerts wait for each other. What the ledger cannot keep is taken in
// again the next time, until a newer look of the same probe takes its place, and the
// operators are told past the ledger.
func (d *Desk) Judge(ctx context.Context, looks []monitor.Look, now time.Time) error {
	opts := d.Options
	if d.Hosts != nil {
		opts.Hosts = d.Hosts()
	}
	opts.Routes = nil
	if d.Alertmanager == nil {
		opts.Routes = slices.Sorted(maps.Keys(d.Routes))
	}
	d.mutex.Lock()
	looks = replacing(d.unkept, looks)
	judged := looks
	if !d.deaf.told.IsZero() && len(opts.Routes) > 0 { // the message that it is over proves that it is
		judged = outlived(looks)
	}
	d.mutex.Unlock()
	var after monitor.AlertState
	err := d.Ledger.StepAlerts(ctx, now, func(before monitor.AlertState) (monitor.AlertState, []monitor.Message) {
		var messages []monitor.Message
		after, messages = Step(before, judged, now, opts)
		return after, append(messages, d.hearing(opts.Routes, now)...)
	})
	if ctx.Err() != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err != nil {
		d.unkept = replacing(d.unkept, looks)
		return errors.Join(err, d.tellDeafness(ctx, err, now))
	}
	d.alerts, d.unkept, d.deaf = after.Alerts, without(d.unkept, looks), deafness{}
	return nil
}

// replacing returns looks behind those before them, of each probe the last one.
func replacing(before, looks []monitor.Look) []monitor.Look {
	return append(without(before, looks), looks...)
}

// without returns looks but for those of probes of which there are others.
func without(looks, others []monitor.Look) []monitor.Look {
	return slices.DeleteFunc(slices.Clone(looks), func(l monitor.Look) bool {
		return slices.ContainsFunc(others, func(o monitor.Look) bool { return o.Probe == l.Probe && o.Watcher == l.Watcher })
	})
}

// Deliver sends what is due, on all routes at once; each stops at the first
// message that it does not get rid of. To be called every few seconds. The error
// also says, once, what was given up since the configuration does not name its
// route any more.
func (d *Desk) Deliver(ctx context.Context, now func() time.Time) error {
	gone := d.drop(ctx, now())
	if d.Alertmanager != nil {
		return errors.Join(gone, d.push(ctx, now()))
	}
	routes := slices.Sorted(maps.Keys(d.Routes))
	errs := make([]error, len(routes), len(routes)+1)
	var all sync.WaitGroup
	for i, route := range routes {
		all.Go(func() { errs[i] = d.deliver(ctx, route, now) })
	}
	all.Wait()
	return errors.Join(append(errs, gone)...)
}

// unnamed is why a message is given up that a former configuration wanted sent.
const unnamed = "the configuration does not name it any more"

// drop gives up what waits on routes of a former configuration.
func (d *Desk) drop(ctx context.Context, now time.Time) error {
	if d.dropped {
		return nil
	}
	counts, err := d.Ledger.DropMessages(ctx, d.Options.Host, slices.Collect(maps.Keys(d.Routes)), now, unnamed)
	if err != nil {
		return err
	}
	d.dropped = true
	var said []error
	for _, route := range slices.Sorted(maps.Keys(counts)) {
		said = append(said, fmt.Errorf("%s that waited to be sent by %s: given up, since %s", inventory.Counted(counts[route], "message", "messages"), route, unnamed))
	}
	return errors.Join(said...)
}

// push tells the Alertmanager once a minute, and what is new at once.
func (d *Desk) push(ctx context.Context, now time.Time) error {
	d.mutex.Lock()
	alerts, pushed, before := d.alerts, d.pushed, d.stages
	d.mutex.Unlock()
	stages := stagesOf(alerts)
	if since := now.Sub(pushed); since >= 0 && since < pushInterval && stages == before {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Timeout, time.Minute))
	defer cancel()
	err := d.Alertmanager.Push(ctx, alerts, d.Options.Host, now)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.note("alertmanager", now, err, false)
	if err == nil {
		d.pushed, d.stages = now, stages
	}
	return err
}

// stagesOf tells alerts from later ones of which an Alertmanager should know.
func stagesOf(alerts []monitor.Alert) string {
	var words []string
	for i := range alerts {
		if a := &alerts[i]; a.Stage != monitor.Pending {
			words = append(words, strconv.FormatInt(a.Number, 10), string(a.Stage), string(a.Severity))
		}
	}
	return hash(words...)
}

func (d *Desk) deliver(ctx context.Context, route string, now func() time.Time) error {
	for ctx.Err() == nil {
		if err := d.save(ctx, route); err != nil {
			return err
		}
		timeout := cmp.Or(d.Timeout, time.Minute)
		at := now()
		m, err := d.Ledger.ClaimMessage(ctx, route, at, at.Add(3*timeout), at.Add(max(longestPause, 3*timeout)))
		if err != nil || m == nil {
			return err
		}
		failed := d.try(ctx, m, timeout, now)
		d.mutex.Lock()
		if d.unsaved == nil {
			d.unsaved = map[string]*monitor.Message{}
		}
		d.unsaved[route] = m
		d.note(route, now(), failed, !m.Dropped.IsZero() && failed != nil)
		d.mutex.Unlock()
		if err := d.save(context.WithoutCancel(ctx), route); err != nil {
			return errors.Join(failed, err)
		}
		if failed != nil {
			return fmt.Errorf("send by %s: %w", route, failed)
		}
	}
	return nil
}

// save notes what became of the message that was tried last. Until that is done
// the route stands still: what is noted nowhere would be sent again.
func (d *Desk) save(ctx context.Context, route string) error {
	d.mutex.Lock()
	m := d.unsaved[route]
	d.mutex.Unlock()
	if m == nil {
		return nil
	}
	if err := d.Ledger.EndMessage(ctx, m); err != nil {
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.unsaved, route)
	return nil
}

// try sends a message and puts into it what became of that.
func (d *Desk) try(ctx context.Context, m *monitor.Message, timeout time.Duration, now func() time.Time) error {
	if !m.Until.IsZero() && now().After(m.Until) {
		m.Dropped, m.Trouble = now(), "it was too late to send it"
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := d.Routes[m.Route].Deliver(ctx, m)
	if err == nil {
		m.Sent, m.Trouble = now(), ""
		return nil
	}
	m.Trouble = line(err.Error(), longestText)
	m.Due = now().Add(pause(m.Tries))
	var refusal *Refusal
	if errors.As(err, &refusal) && m.Tries >= cmp.Or(d.Refusals, 10) {
		m.Dropped = now()
	}
	return err
}

// pause returns how long a message waits after some tries.
func pause(tries int) time.Duration {
	wait := firstPause
	for range tries - 1 {
		wait = min(2*wait, longestPause)
	}
	return wait
}

// note remembers whether a route works.
func (d *Desk) note(route string, now time.Time, err error, gaveUp bool) {
	if d.troubles == nil {
		d.troubles = map[string]trouble{}
	}
	t := d.troubles[route]
	if err == nil {
		t.tries, t.since = 0, time.Time{}
	} else {
		t.tries++
		t.reason = line(err.Error(), longestText)
		if t.since.IsZero() {
			t.since = now
		}
		if gaveUp { // the route may work for others
			t.tries, t.since, t.gaveUp = 0, time.Time{}, now
		}
	}
	d.troubles[route] = t
}

// Troubles returns a finding for each route that does not work, or gave up a
// message in the last hours.
func (d *Desk) Troubles(now time.Time) []monitor.Finding {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	var list []monitor.Finding
	for _, route := range slices.Sorted(maps.Keys(d.troubles)) {
		t := d.troubles[route]
		f := unsent(route, d.Options.Host, t.since, t.reason)
		switch {
		case t.tries >= manyTries:
		case !t.gaveUp.IsZero() && now.Sub(t.gaveUp) < remembered:
			f.Since = monitor.Time(t.gaveUp)
			f.Text = "a message by " + route + " was refused again and again, and given up: " + t.reason + "; interlace alerts shows what it said"
		default:
			continue
		}
		list = append(list, f)
	}
	return list
}

// unsent is the finding that messages of a host cannot be sent.
func unsent(route, host string, since time.Time, why string) monitor.Finding {
	return monitor.Finding{
		Probe: monitor.ProbeWatch, Kind: monitor.OwnDatabase, Severity: monitor.Critical, Server: inventory.Text(host),
		Subject: inventory.Text("messages by " + route), Since: monitor.Time(since),
		Text: "messages by " + route + " cannot be sent, and wait: " + why,
	}
}

// Unsent returns a finding for each route on which messages of a host wait that
// were tried in vain, as who looks into the ledger sees it. They are sorted by
// number.
func Unsent(messages []monitor.Message, host string) []monitor.Finding {
	found := map[string]monitor.Finding{}
	for i := range messages {
		m := &messages[i]
		if m.Host != host || !m.Sent.IsZero() || !m.Dropped.IsZero() || m.Trouble == "" {
			continue
		}
		since := m.Made
		if first, known := found[m.Route]; known {
			since, _ = time.Parse(time.RFC3339, string(first.Since))
		}
		found[m.Route] = unsent(m.Route, host, since, m.Trouble)
	}
	var list []monitor.Finding
	for _, route := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[route])
	}
	return list
}
