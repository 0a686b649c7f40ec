package logs

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

const (
	// patience is how long a last line may wait for its end.
	patience = 10 * time.Second
	// linger is how long a file that is no longer the log is held open after
	// its last line: writers learn late that it was renamed.
	linger = time.Minute
	// tick is the step in which kernels count the times of files.
	tick = 10 * time.Millisecond
	// memory is how many files of a log are remembered: more than are looked at.
	memory = 2 * (rotations + 1)
)

// file follows a log that is a file.
type file struct {
	folder
	whole bool    // what was there before the first look is told too
	known bool    // it has been looked at before
	fresh bool    // it has not been looked at since the start
	parts []*part // from old to new
	now   *part   // the current one, nil if there is none
	seen  time.Time
	lost  string
	gone  time.Time // since when there is no current one

	latest *part            // the newest part that was known at the start
	sure   *part            // the newest of them that has bytes to be known by
	absent bool             // it had no file when all was looked at first
	other  map[string]found // files that are not of this time, by name
	text   []byte
}

// newFile returns a log at the path as far as it has been told.
func newFile(path string, positions []monitor.Position, whole bool) *file {
	f := &file{folder: folder{path: path}, whole: whole, fresh: true, other: map[string]found{}, text: make([]byte, chunk)}
	for i := range positions {
		if p := positions[i]; p.Log == path {
			f.known = true
			f.seen = p.Seen
			if p.Inode != 0 || len(p.Head) > 0 {
				f.parts = append(f.parts, &part{Position: p})
			}
		}
	}
	for _, p := range f.parts {
		if f.latest = p; len(p.Head) > 0 {
			f.sure = p
		}
	}
	return f
}

// read tells what is new, about so many bytes of it. It returns whether there is
// more.
func (f *file) read(now time.Time, most int64, tell func(Line)) (more bool, err error) {
	files, err := f.files(now)
	switch {
	case f.known:
		f.place(files)
		f.missLost(err == nil)
	case err == nil:
		f.meet(files)
	default:
		closeAll(files)
	}
	f.seen = now
	more, trouble := f.readParts(now, most, tell)
	if err == nil {
		err = trouble
	}
	f.forget(now)
	return more, err
}

// meet begins with a log of which nothing is known.
func (f *file) meet(files []*found) {
	f.known, f.fresh = true, false
	for _, c := range files {
		if c.gz {
			c.Close()
			continue
		}
		p := f.begin(c)
		if !c.current || !f.whole {
			p.skip(c, c.size)
		}
	}
}

// begin makes a part of a file that is new.
func (f *file) begin(c *found) *part {
	p := &part{Position: monitor.Position{Log: f.path}}
	f.parts = append(f.parts, p)
	if c.gz {
		p.Head = c.head()
		p.unzip, _ = p.resume(c) // at its beginning there is nothing to compare
	} else {
		p.learn(c)
	}
	f.settle(p, c)
	return p
}

// settle says which file a part is now.
func (f *file) settle(p *part, c *found) {
	if c.current {
		f.now = p
	}
	if p.Inode = c.inode; c.gz && p.unzip.file != c.File {
		c.Close()
		return
	}
	if p.handle != nil {
		p.handle.Close()
	}
	p.handle = c.File
}

// place finds out which part each file is. A file is a part if it has its number
// and its bytes; a part that has lost its file is looked for by its bytes alone,
// since copying and compressing makes new files; what is left is a copy, or new
// if it has come since the last look.
func (f *file) place(files []*found) {
	f.now = nil
	for _, p := range f.parts {
		if p.handle != nil && p.unzip == nil && p.holds(p.handle) {
			p.learn(p.handle)
		}
	}
	placed := map[*part]*found{}
	for _, c := range f.placeByText(f.placeByInode(files, placed), placed) {
		switch {
		case f.isCopy(c, placed):
			c.Close()
		case !f.isOther(c) && c.changed.After(f.seen.Add(-tick)) || follows(c, files, placed):
			placed[f.begin(c)] = c
		default:
			f.other[c.name] = *c
			c.Close()
		}
	}
	slices.SortStableFunc(f.parts, func(a, b *part) int {
		return slices.Index(files, placed[a]) - slices.Index(files, placed[b])
	})
	if f.fresh {
		f.absent = f.latest != nil && !f.reach(files, placed)
	}
}

// reach reports whether files go back to the newest part that was known at the start. An
// empty one has no bytes to be known by, and loses none: its number serves, or a file that
// is older, or that there are no more files than are looked at.
func (f *file) reach(files []*found, placed map[*part]*found) bool {
	if placed[f.latest] != nil || f.sure != nil && placed[f.sure] != nil {
		return true
	}
	return len(f.latest.Head) == 0 && (len(files) <= rotations ||
		slices.ContainsFunc(files, func(c *found) bool { return c.inode == f.latest.Inode || c.changed.Before(f.seen) }))
}

// follows reports whether a file that is known is older.
func follows(c *found, files []*found, placed map[*part]*found) bool {
	older := files[:slices.Index(files, c)]
	for _, at := range placed {
		if slices.Contains(older, at) {
			return true
		}
	}
	return false
}

// placeByInode places the files that have the number of a part. It returns the
// others, from new to old.
func (f *file) placeByInode(files []*found, placed map[*part]*found) (others []*found) {
	for _, c := range slices.Backward(files) {
		p := f.byInode(c)
		if p == nil || placed[p] != nil {
			others = append(others, c)
			continue
		}
		placed[p] = c
		f.settle(p, c)
	}
	return others
}

// placeByText places the files that have the bytes of a part without a file. It
// returns what is left, compressed files last: they are copies of plain ones for
// a while.
func (f *file) placeByText(files []*found, placed map[*part]*found) (left []*found) {
	var zipped []*found
	for _, c := range files {
		switch p, what := f.byText(c, placed); {
		case what == same:
			placed[p] = c
			f.settle(p, c)
		case what == partial:
			c.Close()
		case c.current: // what is there under the name of the log is told
			placed[f.begin(c)] = c
		case c.gz:
			zipped = append(zipped, c)
		default:
			left = append(left, c)
		}
	}
	return append(left, zipped...)
}

// missLost says so where the newest part that was known at the start is in no
// file any more, once all files could be looked at.
func (f *file) missLost(whole bool) {
	if !f.fresh || !whole {
		return
	}
	if f.fresh = false; f.absent {
		f.lost = fmt.Sprintf("%s: what was written after %s cannot be found any more: the log was emptied, or rotated further than is looked for",
			f.path, f.seen.UTC().Format(time.RFC3339))
	}
}

// byInode returns the part that a file was, if it still is. A file that is now
// another one is taken from the part.
func (f *file) byInode(c *found) *part {
	for _, p := range slices.Backward(f.parts) {
		if p.Inode != c.inode || len(p.Head) == 0 && !c.current {
			continue // numbers are used again, and an empty part has no bytes to prove itself
		}
		if p.is(c) {
			return p
		}
		p.Inode = 0
		p.close()
	}
	return nil
}

// relation is what a file has to do with a part that has no file.
type relation int

const (
	none    relation = iota
	same             // it is the part
	partial          // it may become the part: it is being copied
)

// byText compares a file with the parts that have no file.
func (f *file) byText(c *found, placed map[*part]*found) (*part, relation) {
	if f.isOther(c) {
		return nil, none
	}
	head := c.head()
	if len(head) == 0 && !c.current {
		return nil, partial
	}
	for _, p := range slices.Backward(f.parts) {
		if placed[p] != nil || !p.begins(head) {
			continue
		}
		if what := p.relation(c, head); what != none {
			return p, what
		}
	}
	return nil, none
}

// isOther reports whether a file has been seen to be none of this time.
func (f *file) isOther(c *found) bool {
	o, ok := f.other[c.name]
	return ok && !c.current && o.inode == c.inode && o.size == c.size && o.changed.Equal(c.changed)
}

// isCopy reports whether a file is a copy of a part that has a file, perhaps not
// complete yet.
func (f *file) isCopy(c *found, placed map[*part]*found) bool {
	if f.isOther(c) {
		return false
	}
	head := c.head()
	for p, at := range placed {
		if p.begins(head) && p.copy(c, at, head) {
			return true
		}
	}
	return false
}

// copy reports whether a file that begins like the part is a copy of it.
func (p *part) copy(c, at *found, head []byte) bool {
	if c.gz || at.gz {
		return true
	}
	if c.size > at.size || len(head) > len(p.Head) {
		return false
	}
	return c.size < p.Offset || p.goesOn(c)
}

// relation compares a part that has no file with a file that begins like it.
func (p *part) relation(c *found, head []byte) relation {
	if len(head) < len(p.Head) {
		return partial
	}
	if !c.gz {
		switch {
		case c.size < p.Offset:
			return partial
		case p.holds(c):
			return same
		}
		return none
	}
	text, err := p.resume(c)
	switch {
	case err == nil:
		p.unzip = text
		return same
	case err == errShort:
		return partial
	}
	return none
}

// readParts tells what is new in every part that has a file, from old to new.
func (f *file) readParts(now time.Time, most int64, tell func(Line)) (more bool, err error) {
	for _, p := range f.parts {
		if p.handle == nil {
			continue
		}
		before := p.Offset
		var trouble error
		if p.unzip != nil {
			more = p.readCompressed(f.text, now, most, tell)
		} else {
			more, trouble = p.readPlain(f.text, now, most, tell)
		}
		if most -= p.Offset - before; p.Offset > before || p.grown.IsZero() {
			p.grown = now
		}
		if trouble != nil {
			err = trouble
		}
		if more {
			return true, err
		}
	}
	return false, err
}

// readPlain tells what is new in a plain file. What was read counts only if the
// file is still the same afterwards.
func (p *part) readPlain(buffer []byte, now time.Time, most int64, tell func(Line)) (more bool, err error) {
	for told := int64(0); told < most; {
		n, err := p.handle.ReadAt(buffer, p.Offset)
		if n == 0 || !p.holds(p.handle) {
			if err == io.EOF {
				err = nil
			}
			return false, err
		}
		p.learn(p.handle)
		used := p.consume(buffer[:n], tell)
		told += int64(used)
		if n < len(buffer) {
			p.wait(buffer[used:n], now, patience, tell)
			return false, nil
		}
	}
	return true, nil
}

// readCompressed tells what is new in a compressed file, and lets go of it at its
// end.
func (p *part) readCompressed(buffer []byte, now time.Time, most int64, tell func(Line)) (more bool) {
	z := p.unzip
	for told := int64(0); told < most; {
		n, err := 0, error(nil)
		if !z.ended {
			n = copy(buffer, z.pending)
			var read int
			read, err = io.ReadFull(z.text, buffer[n:])
			n += read
			used := p.consume(buffer[:n], tell)
			told += int64(used)
			z.pending = bytes.Clone(buffer[used:n])
			z.ended = err != nil
		}
		if z.ended {
			p.wait(z.pending, now, patience, tell)
			if p.Within {
				z.pending = nil
			}
			return false
		}
	}
	return true
}

// forget lets go of files that have not grown for a while, and of the oldest
// parts.
func (f *file) forget(now time.Time) {
	for _, p := range f.parts {
		if idle := now.Sub(p.grown) > linger; p.handle != nil && idle && p != f.now {
			p.handle.Close()
			p.handle = nil
		}
	}
	f.parts = slices.DeleteFunc(f.parts, func(p *part) bool { return p != f.now && p.handle == nil && len(p.Head) == 0 })
	for len(f.parts) > memory {
		f.parts[0].close()
		f.parts = f.parts[1:]
	}
	if len(f.other) > 4*memory {
		clear(f.other)
	}
}

// positions returns how far the log has been told.
func (f *file) positions() []monitor.Position {
	if !f.known {
		return nil
	}
	if len(f.parts) == 0 {
		return []monitor.Position{{Log: f.path, Seen: f.seen}}
	}
	list := make([]monitor.Position, len(f.parts))
	for i, p := range f.parts {
		list[i] = p.Position
		list[i].Seen = f.seen
	}
	return list
}

// close lets all files go.
func (f *file) close() {
	for _, p := range f.parts {
		p.close()
	}
}
