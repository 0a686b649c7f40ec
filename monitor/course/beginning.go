package course

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// RouteNames are the words in which whoever routes a user names the ends of the route.
type RouteNames struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Beginning is what a unit's check writes down for all that follows.
type Beginning struct {
	// Masters are the servers of the masters.
	Masters map[inventory.StoreID]inventory.ServerID `json:"masters,omitempty"`
	// Instances are those that are claimed for a move, by their imapd.conf.
	Instances map[inventory.StoreID]map[inventory.ServerID]string `json:"instances,omitempty"`
	// Routes are the words in which the unit's users are routed, there and back: that is
	// decided once.
	Routes map[inventory.UserID]RouteNames `json:"routes,omitempty"`
	// Keep is how long the originals of a move were to be kept then.
	Keep time.Duration `json:"keep,omitempty"`
}

// BegunWith returns what the check of a unit wrote down of which this is written down; all
// of it is empty where nothing was.
func BegunWith(records []monitor.StepRecord) Beginning {
	var b Beginning
	Read(records, monitor.StepCheck, &b)
	return b
}

// NamesOf returns the words in which the users of a unit are routed of which this is
// written down; nil: that is not decided.
func NamesOf(records []monitor.StepRecord) map[inventory.UserID]RouteNames {
	return BegunWith(records).Routes
}
