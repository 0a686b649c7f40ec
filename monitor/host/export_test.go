package host

import "time"

// LimitRemovals sets how long the removal of a user may take, and returns what sets it back.
func LimitRemovals(d time.Duration) (back func()) {
	was := removal
	removal = d
	return func() { removal = was }
}
