package synclag

import (
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Behind returns the finding of a channel that keeps a copy up to date, judged
// from its course, or nil where its backlog is small. What its imapd.conf says of the
// channel may be nil where that is not known.
func Behind(ch *monitor.Channel, look *monitor.Backlog, lag *monitor.Lag) *monitor.Finding {
	f := &monitor.Finding{
		Probe: monitor.ProbeBacklog, Kind: monitor.BacklogGrown, Severity: monitor.Warning,
		Server: inventory.Text(look.Server), Store: inventory.Text(look.Store), Channel: inventory.Text(look.Channel),
		Since: monitor.Time(look.Oldest()), Value: lag.Oldest,
	}
	switch {
	case !Replicated(look):
		return nil
	case lag.Level == monitor.LevelUnknown:
		f.Text = fmt.Sprintf("nobody knows whether the replica of %s is behind: %s", look.Store, lag.Reason)
		return f
	case lag.Level == monitor.LevelOK:
		return nil
	case lag.Level == monitor.LevelAlert:
		f.Severity = monitor.Critical
	}
	f.Text = behindText(ch, look, lag)
	return f
}

// behindText says what waits, why, and until when.
func behindText(ch *monitor.Channel, look *monitor.Backlog, lag *monitor.Lag) string {
	var b strings.Builder
	what := "the replica of %s is behind"
	if lag.Verdict == monitor.Stopped && ch != nil && ch.Peer == "" {
		what = "changes of store %s are sent to no replica"
	}
	fmt.Fprintf(&b, what+": %s of sync log", look.Store, sizeText(look.Bytes()))
	if look.Mailboxes.Known {
		fmt.Fprintf(&b, " (%s)", inventory.Counted(int(look.Mailboxes.Value), "mailbox", "mailboxes"))
	}
	fmt.Fprintf(&b, ", the oldest entry %s old", inventory.DurationText(lag.Oldest.Value))
	switch {
	case lag.Reason == "":
	case lag.Verdict == monitor.OK:
		fmt.Fprintf(&b, "; %s", lag.Reason)
	default:
		fmt.Fprintf(&b, "; %s: %s", lag.Verdict, lag.Reason)
	}
	if lag.Predicted.Known {
		fmt.Fprintf(&b, "; gone in about %s (± %s)", inventory.DurationText(lag.Predicted.Value), inventory.DurationText(lag.Spread.Value))
	}
	switch lag.Verdict {
	case monitor.Stopped:
		b.WriteString(startAdvice(ch))
	case monitor.Stalled:
		b.WriteString("; look at the replica and at what the sync_client says in the mail log")
	case monitor.Behind:
		b.WriteString("; more changes than its sync_client can send: move users to another store")
	}
	return b.String()
}

// startAdvice says how a channel that nobody reads is read again.
func startAdvice(ch *monitor.Channel) string {
	switch {
	case ch != nil && !ch.Logged:
		return "; sync_log is off in its imapd.conf, so what changes now is not even logged: switch it on, start Cyrus anew and with it a sync_client, then compare the store"
	case ch != nil && ch.Peer == "":
		return "; its imapd.conf has no sync_host for this channel: name the replica there and start a sync_client, or switch sync_log off if the store has none"
	}
	return "; start its sync_client, as the alert client_missing says: it takes up what was left behind"
}

// mostShown is how many names a text lists.
const mostShown = 5

// Written returns the finding of a replica on which somebody wrote behind the
// master's back, or nil where there is no sign of it: what a replica receives is
// not logged there, unless it hands it on, so that a log of the default channel
// is such a sign. It is either what was named there that the log of the master
// does not have, or, with master nil, all of it. A reconstruct writes that log too;
// repaired is when one ran last, or zero.
func Written(in *monitor.Instance, course []monitor.Stretch, replica, master *Names, repaired time.Time) *monitor.Finding {
	if len(course) == 0 || in.Role != inventory.Replica || in.Chained || replica == nil {
		return nil
	}
	last := &course[len(course)-1]
	if last.Channel != monitor.DefaultChannel || last.Trouble != "" || replica.Entries == 0 || !last.Log.Exists() && !last.Run.Exists() {
		return nil
	}
	lacking := replica.Lacking(newNames())
	against := "; what the master's log names is not known here"
	if master != nil {
		if lacking = replica.Lacking(master); len(lacking) == 0 {
			return nil
		}
		against = ", which the master's log does not name"
	}
	f := &monitor.Finding{
		Probe: monitor.ProbeBacklog, Kind: monitor.ReplicaWritten, Severity: monitor.Warning,
		Server: inventory.Text(in.Server), Store: inventory.Text(in.Store), Channel: monitor.DefaultChannel,
		Since: monitor.Time(last.Oldest()), Value: inventory.Known(float64(replica.Entries)),
		Command: inventory.Paste("interlace", "compare", "--store", string(in.Store)),
		Mark:    inventory.Text(fmt.Sprintf("%d:%d:%d:%d", last.Log.Inode, last.Log.Bytes, last.Run.Inode, last.Run.Bytes)),
	}
	grown, advice := "; it may be left from when this was the master", "; the next sync merges such changes into the master: find out who logs in here, and compare master and replica"
	after, by := grew(course)
	if !by.IsZero() {
		f.Severity, grown = monitor.Critical, fmt.Sprintf("; it grew between %s and %s", after.UTC().Format(time.RFC3339), by.UTC().Format(time.RFC3339))
	}
	who := fmt.Sprintf("somebody writes to the replica of %s behind the master's back", in.Store)
	if after, by := written(last, after, by); !repaired.Before(after) && !repaired.After(by) {
		f.Severity, who = monitor.Warning, fmt.Sprintf("the replica of %s was written to, most likely by the reconstruct that ran here at %s", in.Store, repaired.UTC().Format(time.RFC3339))
		advice = "; compare master and replica when the master has sent the mailboxes again. If it was the reconstruct, acknowledge this"
	}
	f.Text = fmt.Sprintf("%s: its sync log has %s, such as %s%s%s%s. This is over when the log is gone, or when somebody acknowledges it as it is; then it is told again only if the log changes",
		who, inventory.Counted(replica.Entries, "entry", "entries"), shown(lacking), against, grown, advice)
	return f
}

// slack is how far apart a reconstruct and what it writes are taken for one: it may
// take a while, and logs are read a little later.
const slack = 10 * time.Minute

// written returns between which times a reconstruct must have run to be what wrote
// all of a log: near the looks between which it grew, or near its first entry where
// nobody saw it grow, and not long before its last one.
func written(last *monitor.Stretch, after, by time.Time) (from, to time.Time) {
	if by.IsZero() {
		after, by = last.Oldest(), last.Oldest()
	}
	from, to = after.Add(-slack), by.Add(slack)
	if end := last.Log.Last.Add(-slack); end.After(from) {
		from = end
	}
	return from, to
}

// grew returns the looks between which a course first shows that a log grew, or
// zero times.
func grew(course []monitor.Stretch) (after, by time.Time) {
	for i := 1; i < len(course); i++ {
		before, s := &course[i-1], &course[i]
		if before.Trouble == "" && s.Trouble == "" && before.Role == inventory.Replica && s.Log.Exists() &&
			(s.Log.Inode != before.Log.Inode || s.Log.Bytes > before.Log.Bytes) {
			return before.Until, s.At
		}
	}
	return time.Time{}, time.Time{}
}

func shown(names []string) string {
	var list []string
	for _, name := range names[:min(len(names), mostShown)] {
		list = append(list, inventory.Printable(name))
	}
	text := strings.Join(list, ", ")
	switch more := len(names) - len(list); {
	case len(names) == 0:
		return "entries that name nothing"
	case more > 0:
		text += fmt.Sprintf(" and %s more", inventory.CountText(more))
	}
	return text
}
