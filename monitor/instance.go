package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Instance is a Cyrus instance on the server that is watched, as the inventory
// and its imapd.conf describe it.
type Instance struct {
	Server inventory.ServerID
	Store  inventory.StoreID
	Role   inventory.Role // what the inventory says of it

	Conf       string            // path of imapd.conf
	Dir        string            // configdirectory
	SyncDir    string            // where the sync logs are
	Log        string            // path of the mail log, if it is a file of its own
	Partitions map[string]string // directories in which mail lies, by option, such as partition-default
	Prefix     string            // of its lines in the mail log, such as cyrus or s1m

	Channels       []Channel // the default channel first
	Logging        bool      // changes are logged for sync_client (sync_log)
	Chained        bool      // a replica logs for further replicas what it receives (sync_log_chain)
	RepeatInterval time.Duration
	Autocreate     bool // logins create mailboxes
	Separator      byte // between the parts of mailboxes' names, as administrators write them: '.' or '/'
	CSync          string
	Version        string

	// Trouble says why the configuration could not be read; then only what the
	// inventory says is known.
	Trouble string
}

// ChannelKind says who reads the log of a channel.
type ChannelKind string

// Kinds of channels. The logs of replication and backup are read by a rolling
// sync_client, that of squatter by squatter. To a leftover nothing is logged while
// it is to other channels, and what lies there nobody is to read.
const (
	Replication ChannelKind = "replication"
	Squatter    ChannelKind = "squatter"
	Backup      ChannelKind = "backup"
	Leftover    ChannelKind = "leftover"
)

// DefaultChannel is the name of the channel that has none in Cyrus.
const DefaultChannel = "default"

// Channel is a Cyrus sync channel of an instance.
type Channel struct {
	Name string
	Kind ChannelKind
	Dir  string // where its log is
	Peer string // host:port of the sync server, empty where none is configured
	// Logged: changes are logged to it. Of other channels only a directory is left,
	// unless nothing is logged at all.
	Logged bool
}
