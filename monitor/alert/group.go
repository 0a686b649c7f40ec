package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// refill is how long it takes until one more message may be sent.
const refill = time.Minute

// bundle is a group with its alerts, on the way to a message.
type bundle struct {
	*monitor.AlertGroup
	news   []*monitor.Alert // firing, and not told as bad as they are
	over   []*monitor.Alert // resolved, and not told
	firing []*monitor.Alert // told before, and nothing keeps them quiet
	open   bool             // one of its alerts has been told and has not ended, whether or not it is kept quiet
}

// tell makes the messages that are due: one for each group, and one for all the
// rest where that would be too many.
func (r *round) tell() {
	var due []*bundle
	bundles := r.bundles()
	for _, b := range bundles {
		if r.isDue(b) {
			due = append(due, b)
		}
	}
	slices.SortStableFunc(due, func(a, b *bundle) int { return b.worst().Rank() - a.worst().Rank() })
	switch n := r.affordable(); {
	case n <= 0:
	case len(due) <= n:
		for _, b := range due {
			r.send(b.Key, b)
		}
	default:
		for _, b := range due[:n-1] {
			r.send(b.Key, b)
		}
		r.send("", due[n-1:]...)
	}
	r.Groups = nil
	for _, b := range bundles {
		if b.open || len(b.news)+len(b.over) > 0 {
			r.Groups = append(r.Groups, *b.AlertGroup)
		}
	}
}

// bundles sorts the alerts into their groups, by key.
func (r *round) bundles() []*bundle {
	byKey := map[string]*bundle{}
	for _, g := range r.Groups {
		byKey[g.Key] = &bundle{AlertGroup: &g}
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Closed || a.Stage == monitor.Pending {
			continue
		}
		key := r.opts.Group(&a.Finding)
		if byKey[key] == nil {
			byKey[key] = &bundle{AlertGroup: &monitor.AlertGroup{Key: key}}
		}
		byKey[key].add(a)
	}
	var list []*bundle
	for _, b := range byKey {
		if len(b.news)+len(b.over) == 0 {
			b.Waits = time.Time{}
		} else if b.Waits.IsZero() {
			b.Waits = r.now
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *bundle) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// add takes in an alert. One that was told of is also told over, whatever keeps
// it quiet by then. Nothing is told for the first time, or as worse, that the last
// look did not find, but what a log says, which was; so what nobody heard of ends in
// silence.
func (b *bundle) add(a *monitor.Alert) {
	told := a.Told != ""
	b.open = b.open || told && a.Stage == monitor.Firing
	switch {
	case a.Stage == monitor.Resolved && told:
		b.over = append(b.over, a)
	case a.Stage == monitor.Resolved:
		a.Closed = true
	case a.Withheld != "":
	case a.Severity.Rank() > a.Told.Rank() && (a.Missed == 0 || a.Line()):
		b.news = append(b.news, a)
	case told:
		b.firing = append(b.firing, a)
	}
}

// isDue reports whether a group is to be told now: something new after it has
// waited for more, and not soon after the last message, unless it is worse than
// what that told; or what still fires, once in a long while.
func (r *round) isDue(b *bundle) bool {
	since := r.now.Sub(b.Told)
	if len(b.news)+len(b.over) == 0 {
		return len(b.firing) > 0 && since >= r.opts.RepeatInterval
	}
	if r.now.Sub(b.Waits) < r.opts.GroupWait {
		return false
	}
	return since >= r.opts.GroupInterval || len(b.news) > 0 && b.worst().Rank() > b.Worst.Rank()
}

// worst returns the severity of the worst news, else of what still fires.
func (b *bundle) worst() monitor.Severity {
	var worst monitor.Severity
	for _, list := range [][]*monitor.Alert{b.news, b.firing} {
		for _, a := range list {
			if a.Severity.Rank() > worst.Rank() {
				worst = a.Severity
			}
		}
		if len(b.news) > 0 {
			break
		}
	}
	return worst
}

// affordable returns how many messages may be sent now. One that costs more than
// the budget ever holds may be sent when nothing is owed.
func (r *round) affordable() int {
	owed := int((max(0, r.Budget.Sub(r.now)) + refill - 1) / refill)
	if owed == 0 {
		return max(1, r.opts.Burst/r.opts.cost())
	}
	return (r.opts.Burst - owed) / r.opts.cost()
}

// cost is how many mails a message makes: one for each address.
func (o *Options) cost() int {
	mails := 0
	for _, route := range o.Routes {
		if isMail(route) {
			mails++
		}
	}
	return max(1, mails)
}

// send makes the message of some groups, and notes that it was told.
func (r *round) send(thread string, groups ...*bundle) {
	if r.Budget.Before(r.now) {
		r.Budget = r.now
	}
	r.Budget = r.Budget.Add(time.Duration(r.opts.cost()) * refill)
	n := r.notice(groups)
	r.post(thread, n)
	for _, b := range groups {
		b.Worst = b.worst()
		b.Told, b.Waits, b.Root = r.now, time.Time{}, cmp.Or(b.Root, n.id)
		b.Messages++
		for _, a := range b.news {
			a.Told = a.Severity
		}
		b.open = b.open || len(b.news) > 0
		for _, a := range b.over {
			a.Closed = true
		}
		b.news, b.over = nil, nil
	}
}

// post makes one message for each route.
func (r *round) post(thread string, n *notice) {
	for _, route := range r.opts.Routes {
		m := monitor.Message{
			Host: r.opts.Host, Route: route, Thread: thread, ID: n.id, Answers: n.answers, Subject: n.subject(), Made: r.now, Due: r.now,
		}
		if n.repeated() {
			m.Until = r.now.Add(r.opts.RepeatInterval)
		}
		if isMail(route) {
			m.Body = n.text()
		} else {
			m.Body = n.webhook(route)
		}
		r.messages = append(r.messages, m)
	}
}

func isMail(route string) bool { return strings.HasPrefix(route, MailTo) }

// MailTo begins the name of a route to a mail address.
const MailTo = "mail:"

// beat makes the heartbeats, by whose absence others notice that nobody watches.
func (r *round) beat() {
	if len(r.opts.Beating) == 0 || r.opts.Heartbeats <= 0 || r.now.Sub(r.Beat) < r.opts.Heartbeats {
		return
	}
	r.Beat = r.now
	for _, route := range r.opts.Beating {
		m := monitor.Message{
			Host: r.opts.Host, Route: route, Thread: "heartbeat", ID: r.opts.id("heartbeat", r.now.UTC().Format(time.RFC3339Nano)),
			Subject: line("[interlace] heartbeat"+on(r.opts.Host), longestSubject), Made: r.now, Due: r.now, Until: r.now.Add(r.opts.Heartbeats),
		}
		if isMail(route) {
			m.Body = "interlace watches" + on(r.opts.Host) + ", and " + firing(r.Alerts) + ".\nIf these messages stop, it does not.\n"
		} else {
			m.Body = watchdog(r.now, &r.opts, route)
		}
		r.messages = append(r.messages, m)
	}
}
