package confirm

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// readJournal finds out what was written down of the units.
func (c *checking) readJournal(ctx context.Context) error {
	c.told, c.recent = map[string]string{}, map[string]bool{}
	if c.Journal == nil {
		return nil
	}
	for i := range c.units {
		u := &c.units[i]
		records, err := c.Journal.Steps(ctx, u.Plan, u.Name)
		if err != nil {
			return err
		}
		c.told[u.Name] = lastWords(records)
		for _, r := range records {
			if r.Step == monitor.StepRoute && r.State == monitor.StepDone {
				c.recent[u.Name] = c.Now().Sub(r.At) < traced
			}
		}
	}
	return nil
}

// say returns what the journal says of a unit.
func (c *checking) say(unit string) string { return c.told[unit] }

// lastWords tells how far a unit has come, by what was written down of it.
func lastWords(records []monitor.StepRecord) string {
	if len(records) == 0 {
		return "by the journal nothing of it has begun"
	}
	why := ""
	for i := range records {
		if records[i].State == monitor.StepFailed {
			why = fmt.Sprintf("%s failed: %s", records[i].Step, records[i].Text)
		}
	}
	r := &records[len(records)-1]
	text := fmt.Sprintf("by the journal %s %s on %s", r.Step, r.State, r.At.UTC().Format(time.RFC3339))
	if r.State == monitor.StepDone {
		return text
	}
	return joined(text, why)
}
