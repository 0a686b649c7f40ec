package planner

// FrontierBytes is the frontier of the worst single failure against bytes copied.
const FrontierBytes = "bytes"

// Frontier are layout plans that trade the worst single failure for bytes copied,
// the fewest bytes first: each copies more than the one before and has a lower
// worst failure.
type Frontier struct {
	Points []FrontierPoint
	Knee   int // index in Points
}

// FrontierPoint is one plan of a frontier.
type FrontierPoint struct {
	Plan *Layout
	// BytesBound is what every layout copies whose worst single failure is no
	// worse than the plan's.
	BytesBound Number
}

// FindKnee marks the point that lies farthest below the straight line from the
// first point to the last, when both axes go from 0 to 1: before it a byte buys
// more than on average, behind it less. Where none lies below the line it is the
// last.
func (f *Frontier) FindKnee() {
	f.Knee = len(f.Points) - 1
	if f.Knee < 2 {
		return
	}
	at := func(i int) (bytes, worst float64) {
		p := f.Points[i].Plan
		return float64(p.BytesCopied), p.Promises.WorstSingle.Utilisation.Value
	}
	firstBytes, highest := at(0)
	lastBytes, lowest := at(f.Knee)
	farthest := 0.0
	for i := range f.Points {
		bytes, worst := at(i)
		below := 1 - (bytes-firstBytes)/(lastBytes-firstBytes) - (worst-lowest)/(highest-lowest)
		if below > farthest {
			f.Knee, farthest = i, below
		}
	}
}

// Wish says which point of a frontier is wanted; nil and unset mean no wish.
type Wish struct {
	Gap            *float64
	MaxBytes       *int64
	MaxChanges     *int
	MaxInterrupted *int
}

// Pick returns the index of the point that is wanted: with budgets the last one
// that keeps them, with a gap the first one within it, or the last if there is none;
// without a wish the knee. With both it is the first within the gap if the budgets
// pay for it. It is −1 where the budgets pay for no point.
func (f *Frontier) Pick(w Wish) int {
	if w == (Wish{}) {
		return f.Knee
	}
	picked := -1
	for i := range f.Points {
		p := f.Points[i].Plan
		if w.MaxBytes != nil && p.BytesCopied > *w.MaxBytes || w.MaxChanges != nil && len(p.Changes) > *w.MaxChanges ||
			w.MaxInterrupted != nil && p.UsersInterrupted > *w.MaxInterrupted {
			continue
		}
		picked = i
		if gap := p.Gap.WorstSingle; w.Gap != nil && gap.Known && gap.Value <= *w.Gap {
			break
		}
	}
	return picked
}
