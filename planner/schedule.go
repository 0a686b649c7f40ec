package planner

import "github.com/interlacemail/interlace/inventory"

// ScheduledChange says when one change of a plan is carried out, and what it
// does, as the plan says. Times are seconds after the start of the schedule.
type ScheduledChange struct {
	Plan         string  `json:"plan"` // id of the plan the change belongs to
	ID           string  `json:"id"`   // id of the change in that plan
	Wave         *int    `json:"wave"` // from 1; null in a continuous schedule
	StartSeconds float64 `json:"start_seconds"`
	EndSeconds   float64 `json:"end_seconds"`

	Do     Verb  `json:"do"`
	Store  Text  `json:"store"`  // whose instances change; null where a user moves
	User   Text  `json:"user"`   // who moves; null where instances change
	Server Text  `json:"server"` // as in [LayoutChange]; null where a user moves
	From   Text  `json:"from"`   // a server or, where a user moves, a store
	To     Text  `json:"to"`     // the store that a user moves to
	Bytes  int64 `json:"bytes"`  // copied
}

// Subject returns the store or the user that the change is about.
func (c *ScheduledChange) Subject() Subject {
	if c.User != "" {
		return UserSubject(inventory.UserID(c.User))
	}
	return StoreSubject(inventory.StoreID(c.Store))
}

// ScheduleOptions are the options that a schedule was made with.
type ScheduleOptions struct {
	Seed              uint64   `json:"seed"`
	KeepSourceSeconds float64  `json:"keep_source_seconds"`
	SyncRate          *float64 `json:"sync_rate_bytes_per_second"` // null: not limited
	WindowSeconds     *float64 `json:"window_seconds"`             // longest a wave may last; null: without end
	Continuous        bool     `json:"continuous"`
}

// Wave is what one wave does and what holds when it has ended.
type Wave struct {
	Wave         int     `json:"wave"`
	StartSeconds float64 `json:"start_seconds"`
	EndSeconds   float64 `json:"end_seconds"`
	Changes      int     `json:"changes"`
	Bytes        int64   `json:"bytes"`
	WorstSingle  Worst   `json:"worst_single"` // after the wave
	Busiest      Text    `json:"busiest"`      // server with the most transfers
}

// Schedule is a plan of when the changes of other plans are carried out.
type Schedule struct {
	Format    int             `json:"format"`
	Kind      string          `json:"kind"`
	ID        string          `json:"id"`
	Inventory Reference       `json:"inventory"`
	Options   ScheduleOptions `json:"options"`

	Of              []string          `json:"of"`      // ids of the plans
	Changes         []ScheduledChange `json:"changes"` // by wave and start, then as the plans list them
	Waves           []Wave            `json:"waves"`
	MakespanSeconds float64           `json:"makespan_seconds"`
	BoundSeconds    float64           `json:"bound_seconds"`
	Gap             Number            `json:"gap"`
	// TransientFullest is the fullest disk of any state on the way.
	TransientFullest Place       `json:"transient_fullest"`
	Violations       []Violation `json:"violations"`
	Warnings         []Warning   `json:"warnings"`
	Stopped          Stopped     `json:"stopped"`
}
