package planner_test

import (
	"testing"

	"github.com/interlacemail/interlace/planner"
)

// frontier returns points with so many bytes and such worst failures.
func frontier(points ...[2]float64) *planner.Frontier {
	f := &planner.Frontier{}
	for _, p := range points {
		plan := &planner.Layout{BytesCopied: int64(p[0]), UsersInterrupted: int(p[0]) / 10, Changes: make([]planner.LayoutChange, int(p[0])/5)}
		plan.Promises.WorstSingle.Utilisation = planner.Known(p[1])
		plan.Gap.WorstSingle = planner.Known(p[1] - 0.5)
		f.Points = append(f.Points, planner.FrontierPoint{Plan: plan})
	}
	f.FindKnee()
	return f
}

func TestTheKneeIsFarthestBelowTheStraightLine(t *testing.T) {
	cases := []struct {
		name   string
		points [][2]float64
		want   int
	}{
		{"one point", [][2]float64{{0, 0.9}}, 0},
		{"two points", [][2]float64{{0, 0.9}, {10, 0.6}}, 1},
		{"a corner", [][2]float64{{0, 0.9}, {10, 0.65}, {50, 0.62}, {100, 0.6}}, 1},
		{"a later corner", [][2]float64{{0, 0.9}, {10, 0.85}, {30, 0.62}, {100, 0.6}}, 2},
		{"nothing below the line", [][2]float64{{0, 0.9}, {60, 0.88}, {100, 0.6}}, 2},
		{"not from nothing", [][2]float64{{1000, 0.9}, {1010, 0.65}, {1100, 0.6}}, 1},
	}
	for _, c := range cases {
		if got := frontier(c.points...).Knee; got != c.want {
			t.Errorf("%s: knee at %d, want %d", c.name, got, c.want)
		}
	}
}

func TestWishesPickPoints(t *testing.T) {
	f := frontier([2]float64{10, 0.9}, [2]float64{20, 0.65}, [2]float64{50, 0.56}, [2]float64{100, 0.52})
	number := func(v float64) *float64 { return &v }
	bytes := func(v int64) *int64 { return &v }
	count := func(v int) *int { return &v }
	cases := []struct {
		name string
		wish planner.Wish
		want int
	}{
		{"none: the knee", planner.Wish{}, 1},
		{"a gap: the cheapest within it", planner.Wish{Gap: number(0.1)}, 2},
		{"a gap that none is within: the best", planner.Wish{Gap: number(0.01)}, 3},
		{"bytes: the best they pay for", planner.Wish{MaxBytes: bytes(60)}, 2},
		{"changes", planner.Wish{MaxChanges: count(4)}, 1},
		{"interruptions", planner.Wish{MaxInterrupted: count(1)}, 0},
		{"a gap and enough bytes", planner.Wish{Gap: number(0.2), MaxBytes: bytes(60)}, 1},
		{"a gap and too few bytes", planner.Wish{Gap: number(0.02), MaxBytes: bytes(20)}, 1},
		{"bytes for nothing", planner.Wish{MaxBytes: bytes(9)}, -1},
	}
	for _, c := range cases {
		if got := f.Pick(c.wish); got != c.want {
			t.Errorf("%s: point %d, want %d", c.name, got, c.want)
		}
	}
}
