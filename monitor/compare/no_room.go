package compare

import (
	"errors"
	"io/fs"
	"os"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

// noteUnwritten remembers of a mailbox why what was to be saved could not be written here, such
// as for want of room. What a server does not show is something else.
func (p *pair) noteUnwritten(name cyrus.InternalName, err error) {
	path, link := (*fs.PathError)(nil), (*os.LinkError)(nil)
	if !errors.As(err, &path) && !errors.As(err, &link) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unwritten[name] = err
}

// cannotWrite returns why something could not be written that was to be saved.
func (r *remedy) cannotWrite() error {
	for i := range r.list {
		d := &r.list[i]
		if err := r.unwritten[r.inner[d.Mailbox]]; err != nil && d.Unsaved > 0 {
			return err
		}
	}
	return nil
}

// makeRoom says what to do where something could not be written: nothing is wrong with what was to be
// saved.
func (r *remedy) makeRoom(why error) {
	if look := r.look(); len(r.steps) == 0 || r.steps[len(r.steps)-1] != look {
		r.steps = append(r.steps, look)
	}
	r.warn("no command removes the replica's copy as long as what only it has cannot be written here: %v", why)
	r.warn("make room, or whatever else it lacks, for the directory of --save, or name another one, and run the command then")
}
