package report

import (
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// stepsOf say what is so after each step that carries something out, in the order of a unit.
var stepsOf = []struct {
	step  monitor.Step
	words string
}{
	{monitor.StepCheck, "all is as the plan takes it to be, and there is room"},
	{monitor.StepDenyTarget, "nobody logs in as the users on the new store"},
	{monitor.StepCopy, "most is copied while they work"},
	{monitor.StepDenySource, "whoever may write to it is kept out of the old store"},
	{monitor.StepDelta, "what came since is copied"},
	{monitor.StepProveTarget, "the copy holds the same as the original"},
	{monitor.StepPush, "the new store's replicas get it"},
	{monitor.StepProveReplica, "they hold the same"},
	{monitor.StepCreate, "there is an empty instance"},
	{monitor.StepConnect, "the master logs for it, and it is as it has to be"},
	{monitor.StepSeed, "it has what the master has"},
	{monitor.StepProveAccounts, "users have beside messages what they have on the master, subscriptions, say, where seed_command has copied"},
	{monitor.StepProveSpool, "what seed_command has copied, if there is one, was read whole, and is what it was"},
	{monitor.StepProveAlike, "replicas hold the same as the master, and are behind by nothing"},
	{monitor.StepStop, "nothing of the old master runs; its users are kept out"},
	{monitor.StepDrain, "what it had logged is on its replicas"},
	{monitor.StepPromote, "the replica is the master"},
	{monitor.StepRoute, "mail and clients are sent to where the users are now"},
	{monitor.StepServe, "the instance is in service"},
	{monitor.StepProveSends, "the new master replicates, the old one does not"},
	{monitor.StepAllowTarget, "the users are let in on the new store"},
	{monitor.StepAllowWriters, "who stays is let in again on the old one"},
	{monitor.StepCanary, "a login and a delivery work there"},
	{monitor.StepKeep, "the original has stayed, denied, for keep_source"},
	{monitor.StepDeleteSource, "the original is removed"},
	{monitor.StepAllowSource, "nobody is denied for this any more"},
	{monitor.StepRemove, "the replica is removed"},
	{monitor.StepProveGone, "nothing of it runs or is sent to"},
}

// steps explain those that the units have; nil: none.
func (r *Rehearsed) steps() *Table {
	has := map[monitor.Step]bool{}
	for i := range r.Units[:min(len(r.Units), mostUnits)] {
		for _, s := range r.Units[i].Steps {
			has[s.Step] = has[s.Step] || s.Verb != "undo"
		}
	}
	var list [][]Cell
	for _, s := range stepsOf {
		if has[s.step] {
			list = append(list, []Cell{words(string(s.step)), words(s.words)})
		}
	}
	if list == nil {
		return nil
	}
	return &Table{Columns: []Column{left("step", "step", 0), left("when it is done", "words", 0)}, Rows: slices.Values(list)}
}
