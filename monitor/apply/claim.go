package apply

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// claim is a file in the configdirectory of an instance. It lies there from the beginning
// of a unit to its end, and says for which journal: another one knows neither who is kept
// out there nor what is kept, and may do nothing meanwhile.
type claim struct {
	host *host
	file string

	journal string      // its identity
	by      string      // who began the unit, where, and with which file
	unit    course.Unit // as much of it as tells its course
	since   time.Time
	reached monitor.Step // the last step that was noted
}

const claimSuffix = ".claim"

// noted are the steps whose beginning a claim says: all before which much changes, and at
// which nobody is kept out, so that nobody waits for it.
var noted = []monitor.Step{
	monitor.StepDenySource, monitor.StepAllowWriters, monitor.StepDeleteSource,
	monitor.StepCreate, monitor.StepStop, monitor.StepServe, monitor.StepRemove,
}

// moving is what a claim says of the course of a unit that moves users.
const moving = "move"

// claimText is what the claim of a unit says whose first step began at a time.
func (o *Options) claimText(journal string, u *course.Unit, at time.Time) string {
	do := moving
	if u.Do != nil {
		do = string(u.Do.Do)
	}
	return fmt.Sprintf("# interlace carries out a part of a plan here. With another journal than this it does not until that is done.\njournal: %s\nby: %s\nplan: %s\nunit: %s\ndo: %s\nsince: %s\nreached: %s\n",
		journal, printed(o.By), u.Plan, u.Name, do, at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), monitor.StepCheck)
}

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
func (c *claim) read(line string) {
	key, value, _ := strings.Cut(line, ": ")
	switch key {
	case "journal":
		c.journal = value
	case "by":
		c.by = value
	case "plan":
		c.unit.Plan = value
	case "unit":
		c.unit.Name = value
	case "do":
		if value != moving {
			c.unit.Do = &planner.LayoutChange{Do: planner.Verb(value)}
		}
	case "since":
		c.since, _ = time.Parse(time.RFC3339Nano, value) // or it was long ago
	case "reached":
		c.reached = monitor.Step(value)
	}
}

// of reports whether a claim is that of the unit: its name says so, even if it is empty.
func (c *claim) of(u *course.Unit) bool { return path.Base(c.file) == fileName(u)+claimSuffix }

// empty reports whether nothing is in the claim that belongs there: somebody has made it by
// hand to have the unit go on.
func (c *claim) empty() bool { return c.unit.Plan == "" || !c.of(&c.unit) }

// left returns the claims that lie beside an instance, and the private configurations.
func (h *host) left(ctx context.Context) (claims []claim, confs []string, err error) {
	if err := h.known(ctx); err != nil {
		return nil, nil, err
	}
	dir := path.Clean(h.settings["configdirectory"])
	if !path.IsAbs(dir) {
		return nil, nil, h.nowhere()
	}
	words := []string{
		"find", "-H", dir, "-maxdepth", "1", "-name", "interlace-*.conf", "-print",
		"-o", "-name", "interlace-*" + claimSuffix, "-exec", "head", "-v", "-n", "1000", "--", "{}", "+",
	}
	text, err := h.ask(ctx, short, words...)
	if err != nil { // a claim may have ended meanwhile
		text, err = h.ask(ctx, short, words...)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look for claims in %s on %s: %w", dir, h.server, err)
	}
	own := path.Join(dir, "interlace-")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		file, of := strings.CutPrefix(line, "==> ")
		switch file, ends := strings.CutSuffix(file, " <=="); {
		case of && ends && strings.HasPrefix(file, own):
			claims = append(claims, claim{host: h, file: file})
		case strings.HasPrefix(line, own):
			confs = append(confs, line)
		case len(claims) > 0:
			claims[len(claims)-1].read(line)
		}
	}
	slices.SortFunc(claims, func(a, b claim) int { return strings.Compare(a.file, b.file) })
	slices.Sort(confs)
	return claims, confs, nil
}

// nowhere says that an instance has not told where its files are.
func (h *host) nowhere() error {
	return fmt.Errorf("where configdirectory of %s on %s is was not found out", h.conf, h.server)
}

// stake makes a claim from a file of its own, all of it at once, and fails if there is one of
// that unit. The file stays beside the claim, and goes with it.
func (h *host) stake(ctx context.Context, from, text string) error {
	if err := h.known(ctx); err != nil {
		return err
	}
	own, claim := h.own(from), h.own(claimSuffix)
	if err := h.put(ctx, own, text); err != nil {
		return err
	}
	var failed error
	for range tries { // one that was in the way may have ended meanwhile
		if _, failed = h.ask(ctx, short, "ln", "-T", "--", own, claim); failed == nil {
			return nil
		}
		if there, err := h.exists(ctx, claim); there && err == nil {
			return fmt.Errorf("another apply has claimed the instance on %s at the same moment, with %s: begin again when that has ended", h.server, claim)
		}
	}
	return fmt.Errorf("claim the instance with %s on %s: %w", claim, h.server, failed)
}

// note adds to the claim of the unit.
func (h *host) note(ctx context.Context, text string) error {
	if err := h.known(ctx); err != nil {
		return err
	}
	return h.put(ctx, h.own(claimSuffix), text, "oflag=append", "conv=notrunc,nocreat")
}

func (h *host) put(ctx context.Context, file, text string, how ...string) error {
	if !path.IsAbs(file) {
		return h.nowhere()
	}
	ctx, cancel := context.WithTimeout(ctx, short)
	defer cancel()
	if _, err := h.run(ctx, h.server, text, append([]string{"dd", "of=" + file, "status=none"}, how...)...); err != nil {
		return fmt.Errorf("claim the instance with %s on %s: %w", file, h.server, err)
	}
	return nil
}

// mostAtOnce is on how many hosts something is done at once.
const mostAtOnce = 50

// everywhere does something on hosts at once.
func everywhere(hosts []*host, do func(*host) error) error {
	var doing errgroup.Group
	doing.SetLimit(mostAtOnce)
	for _, h := range hosts {
		doing.Go(func() error { return do(h) })
	}
	return doing.Wait()
}
