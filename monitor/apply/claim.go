package apply

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Claim is a file in the configdirectory of an instance. It lies there from the beginning
// of a unit to its end, and says for which journal: another one knows neither who is kept
// out there nor what is kept, and may do nothing meanwhile.
type Claim struct {
	Host *Host
	File string

	Journal string // its identity
	By      string // who began the unit, where, and with which file
	Plan    string // of the unit
	Unit    string // its name in the plan
	Do      string // what it does
	Since   time.Time
	Reached monitor.Step // the last step that was noted
}

const ClaimSuffix = ".claim"

// printed is a text in one line, however long, of which one can see all.
func printed(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// read takes a line of a claim.
func (c *Claim) read(line string) {
	key, value, _ := strings.Cut(line, ": ")
	switch key {
	case "journal":
		c.Journal = value
	case "by":
		c.By = value
	case "plan":
		c.Plan = value
	case "unit":
		c.Unit = value
	case "do":
		c.Do = value
	case "since":
		c.Since, _ = time.Parse(time.RFC3339Nano, value) // or it was long ago
	case "reached":
		c.Reached = monitor.Step(value)
	}
}

// Empty reports whether nothing is in the claim that belongs there: somebody has made it by
// hand to have the unit go on.
func (c *Claim) Empty() bool { return c.Plan == "" || !c.Of(FileName(c.Plan, c.Unit)) }

// Of reports whether a claim is that of a unit, by the name that stands for that on servers: it
// is even if it is empty.
func (c *Claim) Of(unit string) bool { return path.Base(c.File) == unit+ClaimSuffix }

// Text is the claim as it is written, whose unit has just begun.
func (c *Claim) Text() string {
	return fmt.Sprintf("# interlace carries out a part of a plan here. With another journal than this it does not until that is done.\njournal: %s\nby: %s\nplan: %s\nunit: %s\ndo: %s\nsince: %s\n%s",
		c.Journal, printed(c.By), c.Plan, c.Unit, c.Do, c.Since.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), Reached(c.Reached))
}

// left returns the claims that lie beside an instance, and the private configurations.
func (h *Host) left(ctx context.Context) (claims []Claim, confs []string, err error) {
	if err := h.Know(ctx); err != nil {
		return nil, nil, err
	}
	dir := path.Clean(h.Settings["configdirectory"])
	if !path.IsAbs(dir) {
		return nil, nil, h.nowhere()
	}
	words := []string{
		"find", "-H", dir, "-maxdepth", "1", "-name", "interlace-*.conf", "-print",
		"-o", "-name", "interlace-*" + ClaimSuffix, "-exec", "head", "-v", "-n", "1000", "--", "{}", "+",
	}
	text, err := h.ask(ctx, Short, words...)
	if err != nil { // a claim may have ended meanwhile
		text, err = h.ask(ctx, Short, words...)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look for claims in %s on %s: %w", dir, h.Server, err)
	}
	own := path.Join(dir, "interlace-")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		file, of := strings.CutPrefix(line, "==> ")
		switch file, ends := strings.CutSuffix(file, " <=="); {
		case of && ends && strings.HasPrefix(file, own):
			claims = append(claims, Claim{Host: h, File: file})
		case strings.HasPrefix(line, own):
			confs = append(confs, line)
		case len(claims) > 0:
			claims[len(claims)-1].read(line)
		}
	}
	slices.SortFunc(claims, func(a, b Claim) int { return strings.Compare(a.File, b.File) })
	slices.Sort(confs)
	return claims, confs, nil
}

// nowhere says that an instance has not told where its files are.
func (h *Host) nowhere() error {
	return fmt.Errorf("where configdirectory of %s on %s is was not found out", h.Conf, h.Server)
}

// stakes is how often that is tried.
const stakes = 3

// Stake makes a claim from a file of its own, all of it at once, and fails if there is one of
// that unit. The file stays beside the claim, and goes with it.
func (h *Host) Stake(ctx context.Context, from, text string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	own, claim := h.Own(from), h.Own(ClaimSuffix)
	if err := h.put(ctx, own, text); err != nil {
		return err
	}
	var failed error
	for range stakes { // one that was in the way may have ended meanwhile
		if _, failed = h.ask(ctx, Short, "ln", "-T", "--", own, claim); failed == nil {
			return nil
		}
		if there, err := h.Exists(ctx, claim); there && err == nil {
			return fmt.Errorf("another apply has claimed the instance on %s at the same moment, with %s: begin again when that has ended", h.Server, claim)
		}
	}
	return fmt.Errorf("claim the instance with %s on %s: %w", claim, h.Server, failed)
}

// Note adds to the claim of the unit.
func (h *Host) Note(ctx context.Context, text string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	return h.put(ctx, h.Own(ClaimSuffix), text, "oflag=append", "conv=notrunc,nocreat")
}

func (h *Host) put(ctx context.Context, file, text string, how ...string) error {
	if !path.IsAbs(file) {
		return h.nowhere()
	}
	ctx, cancel := context.WithTimeout(ctx, Short)
	defer cancel()
	if _, err := h.Run(ctx, h.Server, text, append([]string{"dd", "of=" + file, "status=none"}, how...)...); err != nil {
		return fmt.Errorf("claim the instance with %s on %s: %w", file, h.Server, err)
	}
	return nil
}

// mostAtOnce is on how many hosts something is done at once.
const mostAtOnce = 50

// Everywhere does something on hosts at once.
func Everywhere(hosts []*Host, do func(*Host) error) error {
	var doing errgroup.Group
	doing.SetLimit(mostAtOnce)
	for _, h := range hosts {
		doing.Go(func() error { return do(h) })
	}
	return doing.Wait()
}

// Claims returns the claims that lie beside instances, in their order, the private
// configurations there, and an error for those that could not be looked at.
func Claims(ctx context.Context, hosts []*Host) (all []Claim, confs map[*Host][]string, unseen error) {
	type sight struct {
		claims []Claim
		confs  []string
		err    error
	}
	seen := map[*Host]*sight{}
	for _, h := range hosts {
		seen[h] = &sight{}
	}
	_ = Everywhere(hosts, func(h *Host) error {
		s := seen[h]
		s.claims, s.confs, s.err = h.left(ctx)
		return nil
	})
	confs = map[*Host][]string{}
	for _, h := range hosts {
		all, unseen = append(all, seen[h].claims...), errors.Join(unseen, seen[h].err)
		confs[h] = seen[h].confs
	}
	return all, confs, unseen
}

// Words say what is claimed.
func (c *Claim) Words() string {
	if c.Empty() {
		return fmt.Sprintf("%s claims an instance, and does not say for whom", path.Base(c.File))
	}
	return fmt.Sprintf("unit %s of plan %s is carried out with the database %s (%s) since %s, and has reached %s",
		inventory.Printable(c.Unit), inventory.Printable(c.Plan), inventory.Printable(c.Journal), printed(c.By), c.Since.Format(time.RFC3339), inventory.Printable(string(c.Reached)))
}

// Staged is the extension of the file from which the claim of an attempt is made: no other
// attempt has such a one, with whatever copy of the journal.
func Staged(journal string, began time.Time) string {
	return fmt.Sprintf("%s.%s.%d", ClaimSuffix, journal, began.UnixMicro())
}

func Reached(step monitor.Step) string { return fmt.Sprintf("reached: %s\n", step) }
