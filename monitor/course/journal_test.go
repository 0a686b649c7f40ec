package course_test

import (
	"context"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/monitor"
)

// journal is one in memory.
type journal []monitor.StepRecord

func (j journal) Steps(_ context.Context, plan, unit string) ([]monitor.StepRecord, error) {
	return slices.DeleteFunc(slices.Clone(j), func(r monitor.StepRecord) bool { return r.Plan != plan || r.Unit != unit }), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
