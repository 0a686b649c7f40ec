package main

import (
	"cmp"
	"context"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/instances"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// lagView is what the rows of lag are made from.
type lagView struct {
	now       time.Time
	opts      synclag.Options
	watched   []monitor.Watched
	inventory *inventory.Inventory      // nil: there is none
	users     map[inventory.StoreID]int // of each store, shared trees too
	alerts    map[inventory.StoreID][]monitor.Alert
	store     inventory.StoreID  // only this one, or empty
	server    inventory.ServerID // only what its master is on, or empty
}

// channelKey names a channel.
type channelKey struct {
	server  inventory.ServerID
	store   inventory.StoreID
	channel string
}

// span asks for what was seen since a time.
func (v *lagView) span(from time.Time) monitor.Span {
	return monitor.Span{Server: v.server, Store: v.store, From: from}
}

func (v *lagView) wants(server inventory.ServerID, store inventory.StoreID) bool {
	return (v.server == "" || v.server == server) && (v.store == "" || v.store == store)
}

// timeOf is a time as [monitor.Time] writes it.
func timeOf(text inventory.Text) time.Time {
	at, _ := time.Parse(time.RFC3339, string(text))
	return at
}

// silent reports whether the last look is so long ago that nothing is known.
func (v *lagView) silent(seen time.Time) bool { return v.now.Sub(seen) > 3*v.opts.Interval }

// rows are the channels that keep copies up to date, those that nobody looks at
// too, the worst first.
func (v *lagView) rows(standings []synclag.Standing) []report.LagRow {
	standing := map[channelKey]*synclag.Standing{}
	for i := range standings {
		l := &standings[i].Lag
		standing[channelKey{l.Server, l.Store, l.Channel}] = &standings[i]
	}
	masters := v.masters()
	var rows []report.LagRow
	for i := range v.watched {
		w := &v.watched[i]
		if !replicated(w) || !v.wants(w.Server, w.Store) || v.gone(w, masters) {
			continue
		}
		rows = append(rows, v.row(w, standing[channelKey{w.Server, w.Store, w.Channel}]))
	}
	rows = append(rows, v.unwatched(rows, masters)...)
	v.blame(rows)
	slices.SortStableFunc(rows, func(a, b report.LagRow) int { return worseFirst(&a.Lag, &b.Lag) })
	return rows
}

func replicated(w *monitor.Watched) bool {
	return synclag.Replicated(&monitor.Backlog{Role: w.Role, Kind: w.Kind})
}

// masters returns where each store was lately seen to have its master.
func (v *lagView) masters() map[inventory.StoreID]inventory.ServerID {
	masters := map[inventory.StoreID]inventory.ServerID{}
	for i := range v.watched {
		if w := &v.watched[i]; replicated(w) && !v.silent(w.Seen) {
			masters[w.Store] = w.Server
		}
	}
	return masters
}

// gone reports whether nobody looks at a channel any more because its instance is
// no master any more, or is not there: another was lately seen to be the master, or
// the inventory has no such instance.
func (v *lagView) gone(w *monitor.Watched, masters map[inventory.StoreID]inventory.ServerID) bool {
	if w.Seen.IsZero() {
		return true
	}
	if !v.silent(w.Seen) {
		return false
	}
	if masters[w.Store] != "" && masters[w.Store] != w.Server {
		return true
	}
	if v.inventory == nil {
		return false
	}
	i := v.inventory.Store(w.Store)
	return i < 0 || v.inventory.Stores[i].On(w.Server) == nil
}

// row is a channel that has been looked at, within the course or before it.
func (v *lagView) row(w *monitor.Watched, s *synclag.Standing) report.LagRow {
	if s != nil {
		return report.LagRow{Lag: v.heeded(s.Lag, s.Course)}
	}
	last := monitor.Stretch{Until: w.Seen, Looks: 1}
	last.Backlog = monitor.Backlog{At: w.Seen, Server: w.Server, Store: w.Store, Role: w.Role, Channel: w.Channel, Kind: w.Kind}
	return report.LagRow{Lag: v.heeded(synclag.Judge([]monitor.Stretch{last}, nil, v.opts, v.now), nil)}
}

// heeded completes the judgement of a channel by what the inventory and the alerts
// say.
func (v *lagView) heeded(l monitor.Lag, course []monitor.Stretch) monitor.Lag {
	l.Peer = v.peer(&l)
	synclag.Heed(&l, course, v.alerts[l.Store], v.opts, v.now)
	return l
}

// peer is the server of the replica that a channel leads to, as far as the
// inventory tells: the default channel to the first replica.
func (v *lagView) peer(l *monitor.Lag) inventory.Text {
	if v.inventory == nil || l.Channel != monitor.DefaultChannel {
		return ""
	}
	i := v.inventory.Store(l.Store)
	if i < 0 {
		return ""
	}
	instances := v.inventory.Stores[i].Instances
	if len(instances) < 2 || instances[0].Server != l.Server {
		return ""
	}
	return inventory.Text(instances[1].Server)
}

// unwatched are the stores of the inventory with a replica whose master nobody has
// ever looked at.
func (v *lagView) unwatched(rows []report.LagRow, masters map[inventory.StoreID]inventory.ServerID) []report.LagRow {
	if v.inventory == nil {
		return nil
	}
	seen := map[inventory.StoreID]bool{}
	for i := range rows {
		seen[rows[i].Store] = true
	}
	var list []report.LagRow
	for i := range v.inventory.Stores {
		s := &v.inventory.Stores[i]
		master := s.Master()
		if len(s.Instances) < 2 || seen[s.Name] || masters[s.Name] != "" || !v.wants(master.Server, s.Name) {
			continue
		}
		l := synclag.Judge(nil, nil, v.opts, v.now)
		l.Store, l.Server, l.Channel = s.Name, master.Server, monitor.DefaultChannel
		list = append(list, report.LagRow{Lag: v.heeded(l, nil)})
	}
	return list
}

// blame says of channels of which nothing is known whether nobody looks at their
// whole server, or may not look there.
func (v *lagView) blame(rows []report.LagRow) {
	seen := map[inventory.ServerID]time.Time{}
	for i := range v.watched {
		if w := &v.watched[i]; w.Seen.After(seen[w.Server]) {
			seen[w.Server] = w.Seen
		}
	}
	for i := range rows {
		r := &rows[i]
		if r.Level != monitor.LevelUnknown {
			continue
		}
		switch last := seen[r.Server]; {
		case last.IsZero():
			r.Reason, r.Silent = inventory.Text("nobody has looked at "+string(r.Server)+" yet"), true
		case v.silent(last):
			r.Reason, r.Silent = inventory.Text(string(r.Server)+" silent for "+inventory.DurationText(v.now.Sub(last).Round(time.Minute).Seconds())), true
		case r.Seen == "" || v.silent(timeOf(r.Seen)):
			r.Silent = true
		case strings.Contains(string(r.Reason), fs.ErrPermission.Error()) && !instances.Unread(string(r.Reason)):
			r.Reason = inventory.Text("interlace watch may not read the sync logs on " + string(r.Server) + ": it has to run as the account of Cyrus")
		}
	}
}

// worseFirst orders channels: by verdict and level, then by what would be lost.
func worseFirst(a, b *monitor.Lag) int {
	return cmp.Or(
		cmp.Compare(urgency(a), urgency(b)), -cmp.Compare(a.WouldLose.Value, b.WouldLose.Value), -cmp.Compare(a.Bytes.Value, b.Bytes.Value),
		cmp.Compare(a.Store, b.Store), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Channel, b.Channel),
	)
}

// urgency is lower for what is worse.
func urgency(l *monitor.Lag) int {
	order := []monitor.Verdict{monitor.Stopped, monitor.Stalled, monitor.Behind, monitor.Flapping}
	if i := slices.Index(order, l.Verdict); i >= 0 {
		return i
	}
	switch {
	case l.Level == monitor.LevelAlert:
		return len(order)
	case l.Level == monitor.LevelBehind:
		return len(order) + 1
	case l.Verdict == monitor.Unknown:
		return len(order) + 2
	case len(l.Alerts) > 0:
		return len(order) + 3
	}
	return len(order) + 4
}

// addHours adds what the last day was like to the rows that have it drawn.
func (v *lagView) addHours(ctx context.Context, h *history.History, rows []*report.LagRow) error {
	const hours = 24
	from := v.now.Truncate(time.Hour).Add((1 - hours) * time.Hour)
	for _, r := range rows {
		looks, err := h.Backlog(ctx, monitor.Span{Server: r.Server, Store: r.Store, Channel: r.Channel, From: from})
		if err != nil {
			return err
		}
		r.Hours = v.due(synclag.MostAges(looks, nil, from, time.Hour, hours), time.Hour)
	}
	return nil
}

// due leaves out the last of some steps up to now as long as nobody had to look in it.
func (v *lagView) due(steps []inventory.Number, step time.Duration) []inventory.Number {
	last := len(steps) - 1
	if began := v.now.Truncate(step); last > 0 && !steps[last].Known && v.now.Sub(began) < 2*v.opts.Interval {
		return steps[:last]
	}
	return steps
}
