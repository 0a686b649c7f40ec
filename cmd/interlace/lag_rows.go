package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/synclag"
)

// lagView is what the rows of lag are made from.
type lagView struct {
	now       time.Time
	opts      synclag.Options
	watched   []monitor.Watched
	inventory *inventory.Inventory      // nil: there is none
	users     map[inventory.StoreID]int // of each store, shared trees too
	store     inventory.StoreID         // only this one, or empty
	server    inventory.ServerID        // only what its master is on, or empty
}

// lagRow is a channel and the course that it was judged by.
type lagRow struct {
	report.LagRow
	course []monitor.Stretch
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

// silent reports whether the last look is so long ago that nothing is known.
func (v *lagView) silent(seen time.Time) bool { return v.now.Sub(seen) > 3*v.opts.Interval }

// rows are the channels that keep copies up to date, those that nobody looks at
// too, the worst first.
func (v *lagView) rows(standings []synclag.Standing) []lagRow {
	standing := map[channelKey]*synclag.Standing{}
	for i := range standings {
		l := &standings[i].Lag
		standing[channelKey{l.Server, l.Store, l.Channel}] = &standings[i]
	}
	masters := v.masters()
	var rows []lagRow
	for i := range v.watched {
		w := &v.watched[i]
		if !replicated(w) || !v.wants(w.Server, w.Store) || v.gone(w, masters) {
			continue
		}
		rows = append(rows, v.row(w, standing[channelKey{w.Server, w.Store, w.Channel}]))
	}
	rows = append(rows, v.unwatched(rows, masters)...)
	v.blame(rows)
	slices.SortStableFunc(rows, func(a, b lagRow) int { return worseFirst(&a.Lag, &b.Lag) })
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
func (v *lagView) row(w *monitor.Watched, s *synclag.Standing) lagRow {
	var r lagRow
	if s != nil {
		r.Lag, r.course = s.Lag, s.Course
	} else {
		last := monitor.Stretch{Until: w.Seen, Looks: 1}
		last.Backlog = monitor.Backlog{At: w.Seen, Server: w.Server, Store: w.Store, Role: w.Role, Channel: w.Channel, Kind: w.Kind}
		r.Lag = synclag.Judge([]monitor.Stretch{last}, nil, v.opts, v.now)
	}
	r.Peer = v.peer(&r.Lag)
	return r
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
func (v *lagView) unwatched(rows []lagRow, masters map[inventory.StoreID]inventory.ServerID) []lagRow {
	if v.inventory == nil {
		return nil
	}
	seen := map[inventory.StoreID]bool{}
	for i := range rows {
		seen[rows[i].Store] = true
	}
	var list []lagRow
	for i := range v.inventory.Stores {
		s := &v.inventory.Stores[i]
		master := s.Master()
		if len(s.Instances) < 2 || seen[s.Name] || masters[s.Name] != "" || !v.wants(master.Server, s.Name) {
			continue
		}
		r := lagRow{LagRow: report.LagRow{Lag: synclag.Judge(nil, nil, v.opts, v.now)}}
		r.Store, r.Server, r.Channel = s.Name, master.Server, monitor.DefaultChannel
		r.Peer = v.peer(&r.Lag)
		list = append(list, r)
	}
	return list
}

// blame says of channels that nobody looks at that it is their whole server that
// nobody looks at.
func (v *lagView) blame(rows []lagRow) {
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
			r.Reason = inventory.Text("nobody has looked at " + string(r.Server) + " yet")
		case v.silent(last):
			r.Reason = inventory.Text(string(r.Server) + " silent for " + inventory.DurationText(v.now.Sub(last).Round(time.Minute).Seconds()))
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
	}
	return len(order) + 3
}

// addHours adds what the last day was like to the rows that are shown.
func (v *lagView) addHours(ctx context.Context, h *history.History, rows []lagRow) error {
	const hours = 24
	from := v.now.Truncate(time.Hour).Add((1 - hours) * time.Hour)
	for i := range rows[:min(report.ShownLags, len(rows))] {
		r := &rows[i]
		kept, err := h.Hours(ctx, monitor.Span{Server: r.Server, Store: r.Store, Channel: r.Channel, From: from})
		if err != nil {
			return err
		}
		r.Hours = synclag.MostAges(r.course, kept, from, time.Hour, hours)
	}
	return nil
}
