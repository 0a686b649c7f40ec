package confirm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Findings makes findings of what was last found of plans and their units, in the order
// in which it was asked for: one for each plan that is not kept. What was found of the
// whole plan later stands for its units too. Changed is when each plan was last carried on
// or taken back: what was found before that says nothing of how it is now. A plan that was
// never begun makes no finding.
func Findings(server inventory.ServerID, last []monitor.Confirmation, changed map[string]time.Time) []monitor.Finding {
	byPlan := map[string][]*monitor.Confirmation{}
	last = OfBegun(last, changed)
	for i := range last {
		c := &last[i]
		if c.Unit == "" {
			byPlan[c.Plan] = nil
		}
		if c.Verdict == monitor.Unmet {
			byPlan[c.Plan] = append(byPlan[c.Plan], c)
		}
	}
	var found []monitor.Finding
	for plan, list := range byPlan {
		if len(list) > 0 {
			f := unconfirmed(server, plan, list)
			if at := list[len(list)-1].At; changed[plan].After(at) {
				f = outdated(f, at)
			}
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b monitor.Finding) int { return cmp.Compare(a.Subject, b.Subject) })
	return found
}

// OfBegun returns what was found of plans that interlace apply has begun, or that stand whole
// without it. Of a plan that somebody carries out by hand, and has not ended, confirm tells who
// asks, and no alert does: when it is to be whole only that person knows. Changed is when each
// plan was last carried on or taken back.
func OfBegun(last []monitor.Confirmation, changed map[string]time.Time) []monitor.Confirmation {
	return slices.DeleteFunc(slices.Clone(last), func(c monitor.Confirmation) bool {
		return changed[c.Plan].IsZero() && slices.ContainsFunc(c.Promises, func(p monitor.Promise) bool {
			return p.Name == monitor.PromiseChanges && p.Verdict == monitor.Unmet
		})
	})
}

// grave are the promises whose breach may cost somebody mail.
var grave = []monitor.PromiseName{monitor.PromisePlacement, monitor.PromiseRouting, monitor.PromiseNothing, monitor.PromiseSpool, monitor.PromiseTakenBack}

// fewNamed is how many doubts a finding tells of.
const fewNamed = 3

func unconfirmed(server inventory.ServerID, plan string, list []*monitor.Confirmation) monitor.Finding {
	f := monitor.Finding{
		Probe: monitor.ProbeConfirm, Kind: monitor.PlanUnconfirmed, Severity: monitor.Warning, Server: inventory.Text(server), Subject: inventory.Text(plan),
		Since: monitor.Time(list[0].At), Command: inventory.Paste("interlace", "confirm", "--known"),
	}
	var names, texts []string
	for _, c := range list {
		for i := range c.Promises {
			p := &c.Promises[i]
			if p.Verdict != monitor.Unmet || slices.Contains(names, string(p.Name)) {
				continue
			}
			if names = append(names, string(p.Name)); slices.Contains(grave, p.Name) {
				f.Severity = monitor.Critical
			}
			if len(texts) < fewNamed {
				texts = append(texts, inShort(p))
			}
		}
	}
	if more := len(names) - len(texts); more > 0 {
		texts = append(texts, inventory.Counted(more, "other promise", "other promises"))
	}
	f.Value = inventory.Known(float64(len(names)))
	f.Text = fmt.Sprintf("plan %s does not keep what it promised: %s", plan, strings.Join(texts, "; "))
	return f
}

// outdated says of a plan that it was carried on or taken back since it was asked about.
func outdated(f monitor.Finding, asked time.Time) monitor.Finding {
	f.Severity, f.Command = monitor.Warning, inventory.Paste("interlace", "confirm", "--due")
	f.Text = fmt.Sprintf("plan %s did not keep what it promised on %s, and was carried on or taken back since: what was found then says nothing of how it is now", f.Subject, asked.UTC().Format(time.RFC3339))
	return f
}

// inShort is a promise with the first of what is not met.
func inShort(p *monitor.Promise) string {
	d := &p.Doubts[0]
	about := ""
	for _, name := range []inventory.Text{d.User, d.Store} {
		if name != "" && about == "" {
			about = inventory.Printable(string(name)) + ": "
		}
	}
	text := fmt.Sprintf("%s (%s%s, found %s", p.Name, about, d.Expected, d.Found)
	if more := len(p.Doubts) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text + ")"
}
