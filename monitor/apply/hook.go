package apply

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// Act is what the operator's hook is to do with an instance. Each may be asked for again
// when it has been done: then nothing is done.
type Act string

// Acts.
const (
	// Create makes an empty instance that runs. For a replica the master gets a channel to
	// it, with a rolling client, and every process of the master logs for that channel:
	// those that began before its imapd.conf was changed are ended. What the hook prints
	// says where the instance is (see [Order]).
	ActCreate Act = "create"
	// Start starts an instance that is stopped, or tells that one is in service from now on.
	ActStart Act = "start"
	// Stop ends an instance such that nothing of it runs, nor starts by itself.
	ActStop Act = "stop"
	// Promote makes a replica the master: it gets a channel, with a rolling client, to each
	// of the others. The old master, which is stopped, is configured as a replica, without
	// a client, for when it is started.
	ActPromote Act = "promote"
	// Remove ends a replica for good and the master's channel to it. Whether its data
	// stays is up to the hook.
	ActRemove Act = "remove"
)

// Order is what the operator's hook is asked for.
type Order struct {
	Act   Act
	Store inventory.StoreID
	// The order is about this instance, with the role that it has when it is done. Of one
	// that is to be created only the server is known.
	inventory.Instance
	// Instances are those of the store when it is done, the master first: without one that
	// is removed.
	Instances []inventory.Instance
}

// Details are the order in JSON, for a file that the hook is given.
func (o *Order) Details() []byte {
	d := details{Action: o.Act, Store: o.Store, detail: detailOf(&o.Instance), Instances: []detail{}}
	for i := range o.Instances {
		d.Instances = append(d.Instances, detailOf(&o.Instances[i]))
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		panic(err) // nothing in it can't be written
	}
	return append(text, '\n')
}

type details struct {
	Action Act               `json:"action"`
	Store  inventory.StoreID `json:"store"`
	detail
	Instances []detail `json:"instances"`
}

type detail struct {
	Server    inventory.ServerID `json:"server"`
	Role      inventory.Role     `json:"role"`
	IMAP      string             `json:"imap,omitempty"`
	CSync     string             `json:"csync,omitempty"`
	IMAPDConf string             `json:"imapd_conf,omitempty"`
}

func detailOf(in *inventory.Instance) detail {
	return detail{in.Server, in.Role, in.IMAP, in.CSync, in.IMAPDConf}
}

// Layouts say how instances are made and changed.
type Layouts struct {
	// Hook has the operator's own command carry an order out, and returns what it prints.
	// Nil: there is none, and no layout can be carried out.
	Hook func(ctx context.Context, order *Order) (string, error)
	// Seed has the operator's own command copy what the master has to the instance that
	// the order created. Nil: everything is copied by replication.
	Seed func(ctx context.Context, order *Order) error
	// Compare compares a replica with its master, over as many connections as their servers may
	// have. Without it no seed by the operator's command is done.
	Compare func(ctx context.Context, store inventory.StoreID, master, replica inventory.Instance, o compare.Options) (*monitor.Comparison, error)
	// ReadWhole has an instance read every message of these owners whole, over as many
	// connections as its server may have. Without it no seed by the operator's command is done.
	ReadWhole func(ctx context.Context, in inventory.Instance, owners map[cyrus.Owner]bool, o compare.WholeOptions) (*compare.Whole, error)
	// Streams is how many users are copied at the same time to a new replica; zero: as
	// many as both servers may transfer at once.
	Streams int
	// Pause is what passes between two looks at what may be on its way, Settle how long an
	// instance may take to start or to end, and Lag how long replicas may take to get what
	// is logged for them now. Zero means 2, 20 and 15 seconds.
	Pause, Settle, Lag time.Duration
	// Note is how often it is written down what was read whole. Zero means a minute.
	Note time.Duration
}

func (l *Layouts) pause() time.Duration  { return cmp.Or(l.Pause, 2*time.Second) }
func (l *Layouts) settle() time.Duration { return cmp.Or(l.Settle, 20*time.Second) }
func (l *Layouts) lag() time.Duration    { return cmp.Or(l.Lag, 15*time.Second) }
func (l *Layouts) note() time.Duration   { return cmp.Or(l.Note, time.Minute) }

// errNoHook says what is missing.
var errNoHook = errors.New("instance_hook in the configuration is not set: interlace itself never changes the configuration of an instance, nor starts or stops one")

// order has the operator's hook carry an order out.
func (o *Options) order(ctx context.Context, order *Order) (string, error) {
	if o.Layouts.Hook == nil {
		return "", errNoHook
	}
	out, err := o.Layouts.Hook(ctx, order)
	if err != nil {
		err = fmt.Errorf("instance_hook %s %s on %s: %w", order.Act, order.Store, order.Server, err)
	}
	return out, err
}

// place reads what the hook printed of an instance that it has created: a line KEY: VALUE
// for each thing to know, in the words of the fleet file.
func (o *Order) place(printed string) (inventory.Instance, error) {
	in := inventory.Instance{Server: o.Server, Role: o.Role}
	known := map[string]*string{"imap": &in.IMAP, "csync": &in.CSync, "imapd_conf": &in.IMAPDConf, "sync_dir": &in.SyncDir, "log": &in.Log}
	var wrong error
	for line := range strings.Lines(printed) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, value, found := strings.Cut(line, ":")
		to := known[strings.TrimSpace(key)]
		if !found || to == nil {
			wrong = errors.Join(wrong, fmt.Errorf("it prints %s, which is none of imap, csync, imapd_conf, sync_dir, log with a colon and a value", inventory.Quoted(line)))
			continue
		}
		*to = strings.TrimSpace(value)
	}
	for _, key := range []string{"imap", "csync"} {
		if _, _, err := net.SplitHostPort(*known[key]); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("it has to print a line %s: HOST:PORT", key))
		}
	}
	if !path.IsAbs(in.IMAPDConf) {
		wrong = errors.Join(wrong, errors.New("it has to print a line imapd_conf: PATH"))
	}
	others := slices.DeleteFunc(slices.Clone(o.Instances), func(other inventory.Instance) bool { return other.Server == o.Server })
	for _, other := range others {
		if in.IMAP == other.IMAP || in.CSync == other.CSync {
			wrong = errors.Join(wrong, fmt.Errorf("it prints the address of the instance on %s", other.Server))
		}
	}
	if wrong != nil {
		wrong = fmt.Errorf("instance_hook %s %s on %s: %w", o.Act, o.Store, o.Server, wrong)
	}
	return in, wrong
}
