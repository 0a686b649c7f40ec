package moves

import (
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
)

// Verify holds plans, which are to be carried out in the order given, against
// the inventory and against themselves. It returns the mistakes of each plan, nil
// for one that is right, or nil if all are.
//
// A mistake is a content that does not belong to the id, a plan that is given
// twice, a change that does not apply to the state that the changes before it
// lead to, and a target that is not where the changes lead. What a plan says of
// bytes, users and loads is compared where the facts are still those that it was
// made on: they may change without touching a plan. Bounds, promises and
// violations of a layout are results that nothing here builds on, and are not
// computed again.
func Verify(inv *inventory.Inventory, groups *inventory.ShareGroups, plans []planner.Plan) []*planner.Mistakes {
	v := &verifier{reader: newReader(load.New(inv), groups, plans, Options{})}
	v.structure, v.loads = inventory.Fingerprint(inv, groups)
	all, right := make([]*planner.Mistakes, len(plans)), true
	for i := range plans {
		if v.verify(int32(i)); v.m.Count > 0 {
			all[i], right = v.m, false
		}
	}
	if right {
		return nil
	}
	return all
}

// verifier follows the plans and collects the mistakes of one after the other.
type verifier struct {
	*reader
	m                *planner.Mistakes // of the plan being verified
	structure, loads string            // fingerprints of the inventory
}

func (v *verifier) verify(plan int32) {
	v.m = &planner.Mistakes{}
	p := v.plans[plan]
	if err := planner.Verify(p); err != nil {
		v.m.Add("id", "%v", err)
	}
	for _, earlier := range v.plans[:plan] {
		if earlier.PlanID() == p.PlanID() {
			v.m.Add("id", "plan %s is given twice", p.PlanID())
		}
	}
	known := len(v.refused)
	v.read(plan)
	wrong := map[planner.Subject]bool{} // what the plan means to change and does not
	for _, r := range v.refused[known:] {
		v.m.Add(r.place(), "%s", v.told(r))
		wrong[r.subject] = true
	}
	switch p := p.(type) {
	case *planner.Layout:
		v.verifyLayout(p, wrong)
	case *planner.Assignment:
		v.verifyAssignment(p, len(wrong) == 0)
	}
}

// place returns where in the plan the refusal belongs.
func (r refusal) place() string {
	if r.change == noChange {
		return "kind"
	}
	return fmt.Sprintf("changes[%d]", r.change)
}

// told says what is refused, and why.
func (p *problem) told(r refusal) string {
	if r.change == noChange {
		return r.reason
	}
	_, name := r.subject.Split()
	return fmt.Sprintf("change %s of %s: %s", p.scheduled(&task{plan: r.plan, change: r.change}).ID, name, r.reason)
}

// sameStructure and sameLoads report whether the facts are those that the plan
// was made on.
func (v *verifier) sameStructure(made planner.Reference) bool { return made.Fingerprint == v.structure }
func (v *verifier) sameLoads(made planner.Reference) bool     { return made.Loads == v.loads }
