package monitor

import "time"

// Process is what was seen of one process of Cyrus on this server.
type Process struct {
	PID, Parent int
	Name        string // such as sync_client
	Command     []string
	Conf        string // what -C names
	Channel     string // what -n names, else DefaultChannel; of a sync_client or squatter
	Rolling     bool   // a sync_client with -r and neither -f nor -1, or a squatter with -R
	File        string // what -f names
	Services    string // of a master: its cyrus.conf, as -M names it
	Started     time.Time
	State       string // R, S, D, T, Z and so on (proc(5))
	User        int    // as whom it runs

	CPU time.Duration
	IO  *IO // nil where it may not be read

	// Open are the sync logs that it has open. OpenKnown is false where that may
	// not be read.
	Open      []string
	OpenKnown bool
	// Sockets are the numbers of its sockets: another one is another connection.
	// They are known where Open is.
	Sockets []string
}

// IO are the counters of /proc/PID/io (proc(5)), in bytes.
type IO struct{ Read, Written, ReadDisk, WrittenDisk int64 }
