package synclag

import "time"

// Limit is passed by a backlog of at least so many bytes, or with an entry at
// least so old.
type Limit struct {
	Bytes int64
	Age   time.Duration
}

// Options say how channels are judged. The zero value of a field stands for its default.
type Options struct {
	Behind Limit // 10 kB, 60 s
	Alert  Limit // 100 kB, 5 min
	// Interval is the time between two looks, 2 min. What was last seen three
	// intervals ago is unknown.
	Interval time.Duration
	// Processes is the time between two looks at the processes, 10 min. What they
	// last showed three intervals ago is believed no more.
	Processes time.Duration
	// Repeat is how long a client rests between two batches at least
	// (sync_repeat_interval), 1 s.
	Repeat time.Duration
	// Window is how far back the course of a channel tells whether it falls
	// behind, 20 min, and Flapping how far back it tells whether the verdict keeps
	// changing, 2 h.
	Window, Flapping time.Duration
	// LearnAll lets [Standings] learn what channels cost in which nothing waits.
	LearnAll bool
}

// Course is how far back looks tell the verdict of now.
func (o Options) Course() time.Duration { return o.withDefaults().Flapping }

func (o Options) withDefaults() Options {
	o.Behind = o.Behind.withDefaults(Limit{10_000, time.Minute})
	o.Alert = o.Alert.withDefaults(Limit{100_000, 5 * time.Minute})
	orElse(&o.Interval, 2*time.Minute)
	orElse(&o.Processes, 10*time.Minute)
	orElse(&o.Repeat, time.Second)
	orElse(&o.Window, 10*o.Interval)
	orElse(&o.Flapping, 6*o.Window)
	return o
}

func (l Limit) withDefaults(otherwise Limit) Limit {
	if l.Bytes == 0 {
		l.Bytes = otherwise.Bytes
	}
	orElse(&l.Age, otherwise.Age)
	return l
}

func orElse(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

// passed reports whether a backlog passes the limit.
func (l Limit) passed(bytes int64, age time.Duration) bool {
	return bytes >= l.Bytes || age >= l.Age
}
