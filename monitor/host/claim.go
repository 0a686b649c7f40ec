package host

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Claim is a file in the configdirectory of an instance. It lies there from the beginning
// of a unit to its end, and says for which journal: another one knows neither who is kept
// out there nor what is kept, and may do nothing meanwhile.
type Claim struct {
	Host *Host  // the instance
	File string // its path there

	Journal string       // its identity
	By      string       // who began the unit, where, and with which file
	Plan    string       // of the unit
	Unit    string       // its name in the plan
	Do      string       // what kind of unit it is
	Since   time.Time    // when its first step began
	Reached monitor.Step // the last step that was noted
}

const claimSuffix = ".claim"

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
func (c *Claim) Of(unit string) bool { return path.Base(c.File) == unit+claimSuffix }

// Text is the claim as it is written, whose unit has just begun.
func (c *Claim) Text() string {
	return fmt.Sprintf("# interlace carries out a part of a plan here. With another journal than this it does not until that is done.\njournal: %s\nby: %s\nplan: %s\nunit: %s\ndo: %s\nsince: %s\n%s",
		c.Journal, printed(c.By), c.Plan, c.Unit, c.Do, c.Since.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), Reached(c.Reached))
}

// Words say what is claimed.
func (c *Claim) Words() string {
	if c.Empty() {
		return fmt.Sprintf("%s claims an instance, and does not say for whom", path.Base(c.File))
	}
	return fmt.Sprintf("unit %s of plan %s is carried out with the database %s (%s) since %s, and has reached %s",
		inventory.Printable(c.Unit), inventory.Printable(c.Plan), inventory.Printable(c.Journal), printed(c.By), c.Since.Format(time.RFC3339), inventory.Printable(string(c.Reached)))
}

// staged is the extension of the file from which the claim of an attempt is made: no other
// attempt has such a one, with whatever copy of the journal.
func staged(journal string, began time.Time) string {
	return fmt.Sprintf("%s.%s.%d", claimSuffix, journal, began.UnixMicro())
}

// Reached is what is noted in the claim of a unit when that begins a step.
func Reached(step monitor.Step) string { return fmt.Sprintf("reached: %s\n", step) }
