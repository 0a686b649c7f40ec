package main

import (
	"context"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/monitor/history"
)

// nameOthers says to name the files of those plans too with which those of a job were last
// carried out; empty: with no others.
func (j *job) nameOthers(ctx context.Context, h *history.History) (string, error) {
	all, err := h.Applies(ctx, true)
	if err != nil {
		return "", err
	}
	for i := range slices.Backward(all) {
		if slices.ContainsFunc(j.files, func(p *planFile) bool { return !slices.Contains(all[i].Plans, p.PlanID()) }) {
			continue
		}
		kept, err := keptJob(ctx, h, &all[i])
		if err != nil {
			return "", err
		}
		var others []string
		for _, p := range kept.files {
			what := "plan "
			if p == kept.schedule() {
				what = "schedule "
			}
			if !slices.ContainsFunc(j.files, func(own *planFile) bool { return own.PlanID() == p.PlanID() }) {
				others = append(others, what+p.PlanID())
			}
		}
		if len(others) == 0 {
			return "", nil
		}
		return "name the files of all that were carried out together, " + strings.Join(others, " and ") + " too", nil
	}
	return "", nil
}
