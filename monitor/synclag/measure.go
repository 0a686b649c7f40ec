package synclag

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Processes is one look at the processes of this server.
type Processes struct {
	List  []monitor.Process
	Known bool // false where they could not be looked at
}

// Measure looks at the channels of instances, in their order. Earlier looks, in
// any order, tell when a log was first seen where the file system does not keep
// its birth.
//
// Channels without a peer in which nothing is and for which no client runs are
// left out: every master has a default channel, whether it is used or not. One that
// kept a copy up to date at the look before, and does not any more, is left over.
func Measure(list []monitor.Instance, processes Processes, earlier []monitor.Backlog, now time.Time) []monitor.Backlog {
	last := latest(earlier)
	var looks []monitor.Backlog
	for i := range list {
		in := &list[i]
		for _, ch := range channels(in) {
			b := monitor.Backlog{At: now, Server: in.Server, Store: in.Store, Role: in.Role, Channel: ch.Name, Kind: ch.Kind}
			look := b
			look.Clients, look.ProcessesKnown = clients(in, ch.Name, processes.List), processes.Known
			if err := measure(in, ch, &look, last[keyOf(&b)], processes.List); err != nil {
				look = b
				look.Trouble = err.Error()
			}
			if used(ch, &look) {
				looks = append(looks, look)
			}
		}
		looks = append(looks, givenUp(in, looks, last, now)...)
	}
	return looks
}

// givenUp are the channels of an instance that were looked at before and are not now, as its
// configuration has given them up: what is left over of them is nothing.
func givenUp(in *monitor.Instance, looks []monitor.Backlog, last map[key]*monitor.Backlog, now time.Time) []monitor.Backlog {
	var list []monitor.Backlog
	for k, b := range last {
		looked := slices.ContainsFunc(looks, func(l monitor.Backlog) bool { return keyOf(&l) == k })
		if k.server == in.Server && k.store == in.Store && in.Trouble == "" && Replicated(b) && !looked {
			list = append(list, monitor.Backlog{At: now, Server: in.Server, Store: in.Store, Role: in.Role, Channel: k.channel, Kind: monitor.Leftover})
		}
	}
	slices.SortFunc(list, func(a, b monitor.Backlog) int { return cmp.Compare(a.Channel, b.Channel) })
	return list
}

// channels returns those of an instance; one whose configuration cannot be read
// has at least one.
func channels(in *monitor.Instance) []monitor.Channel {
	if len(in.Channels) == 0 {
		return []monitor.Channel{{Name: monitor.DefaultChannel, Kind: monitor.Replication, Dir: in.SyncDir}}
	}
	return in.Channels
}

// key names a channel of an instance.
type key struct {
	server  inventory.ServerID
	store   inventory.StoreID
	channel string
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.store, o.store), cmp.Compare(k.server, o.server), cmp.Compare(k.channel, o.channel))
}

func keyOf(b *monitor.Backlog) key { return key{b.Server, b.Store, b.Channel} }

// latest returns the last look at each channel.
func latest(looks []monitor.Backlog) map[key]*monitor.Backlog {
	last := map[key]*monitor.Backlog{}
	for i := range looks {
		b := &looks[i]
		if before := last[keyOf(b)]; before == nil || before.At.Before(b.At) {
			last[keyOf(b)] = b
		}
	}
	return last
}

// used reports whether anything goes through a channel.
func used(ch monitor.Channel, b *monitor.Backlog) bool {
	return ch.Peer != "" || ch.Kind != monitor.Replication || b.Role == inventory.Replica ||
		b.Trouble != "" || b.Log.Exists() || b.Run.Exists() || len(b.Clients) > 0
}

// measure fills in what the files of a channel say.
func measure(in *monitor.Instance, ch monitor.Channel, b, before *monitor.Backlog, processes []monitor.Process) error {
	if in.Trouble != "" {
		return errors.New(in.Trouble)
	}
	all, err := openChannel(in, ch)
	if err != nil || all == nil {
		return err
	}
	defer all.close()
	if all.log != nil {
		b.Log = all.log.LogFile
		b.Log.First, b.Log.Taken = firstOf(&b.Log, before, false), time.Time{}
	}
	b.Run = run(all.runs, before)
	b.Worker = worker(all.runs, processes)
	count(all, b)
	return nil
}

// openChannel opens the files of a channel, or returns nothing where the
// directory is not there: Cyrus makes it with the first entry.
func openChannel(in *monitor.Instance, ch monitor.Channel) (*files, error) {
	dir, err := openDir(ch.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(cmp.Or(in.Dir, filepath.Dir(in.SyncDir))); err != nil {
			return nil, err // all of it is missing, as when a disk is not mounted
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return openFiles(dir)
}

// run describes the logs that are worked off as one: as old as the oldest, and
// with the bytes of all.
func run(runs []*file, before *monitor.Backlog) monitor.LogFile {
	if len(runs) == 0 {
		return monitor.LogFile{}
	}
	whole := runs[0].LogFile
	whole.First = firstOf(&whole, before, true)
	for _, further := range runs[1:] {
		whole.Bytes += further.Bytes
		whole.Last = further.Last
	}
	return whole
}

// firstOf returns when the first entry of a file came: when the file was born,
// else when it was first seen, which was after its last entry of then. A log
// never shrinks, and one that was renamed is never written again: else it is
// another file, which got the number of one that is gone.
func firstOf(f *monitor.LogFile, before *monitor.Backlog, run bool) time.Time {
	if !f.First.IsZero() {
		return f.First
	}
	if before != nil {
		if log := &before.Log; log.Inode == f.Inode && log.Bytes <= f.Bytes && !log.First.IsZero() && !f.Last.Before(log.Last) {
			return log.First
		}
		if old := &before.Run; run && old.Inode == f.Inode && old.Taken.Equal(f.Taken) && !old.First.IsZero() {
			return old.First
		}
	}
	return f.Last
}

// count counts the entries of all files together.
func count(all *files, b *monitor.Backlog) {
	names := newNames()
	for f := range all.each {
		if f.read(names) != nil {
			return // not known
		}
	}
	b.Entries = inventory.Known(float64(names.Entries))
	b.Mailboxes = inventory.Known(float64(len(names.Mailboxes)))
	b.Users = inventory.Known(float64(len(names.Users)))
}

// ReadNames reads what the logs of a channel name.
func ReadNames(in *monitor.Instance, ch monitor.Channel) (*Names, error) {
	names := newNames()
	all, err := openChannel(in, ch)
	if err != nil || all == nil {
		return names, err
	}
	defer all.close()
	for f := range all.each {
		if err := f.read(names); err != nil {
			return nil, err
		}
	}
	return names, nil
}
