package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
	"github.com/interlacemail/interlace/monitor/usage"
)

// measuredOver is the time of which loads are measured, if none is named: two weeks
// have ten working days.
const measuredOver = 14 * 24 * time.Hour

func (a *app) showLoadsCommand(at *optional[time.Time]) *cobra.Command {
	var store string
	since := spanFlag().or(measuredOver)
	c := &cobra.Command{
		Use:   "loads",
		Short: "Look at what stores were measured to weigh, and how that fits the inventory",
		Long: `Show what each store was measured to weigh, from what interlace watch has recorded
in the database of this server, beside what the inventory says it weighs: the sum of
its users and its own load.

Measured is what 95 of 100 samples in the busy hour of the master did not pass, the
middle of the days, and what the replica used in the same hour. Hours count that
have ended and have 10 samples. io are operations of the disks, 4 KiB each where the
kernel tells only bytes, cpu seconds of processors per second, memory what is
resident. How much of a disk is a store's is known only where it has a file system
for itself; how full the file systems are is shown for all.

CSV and JSON have in base what the own load of a store would have to be, for it to
weigh what was measured; interlace discover --measured takes that over.`,
		Example: `  interlace show loads
  interlace show loads --since 7d --store s001
  interlace show loads -o csv`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := a.factsOf(cmd.Context(), at.value)
			if err != nil {
				return err
			}
			until := a.now()
			if at.value != nil {
				until = at.value.In(until.Location())
			}
			return a.showLoads(cmd.Context(), f, store, until.Add(-*since.value), until)
		},
	}
	c.Flags().Var(&since, "since", "measure over this `time` up to now, or to --at")
	c.Flags().Var(pathFlag(&store), "store", "only this `store`")
	return c
}

func (a *app) showLoads(ctx context.Context, f *facts, store string, since, until time.Time) error {
	var names []string
	if store != "" {
		names = append(names, store)
	}
	list, err := chosen("store", names, storeNames(f.Inventory), f.Inventory.Store)
	if err != nil {
		return err
	}
	m, err := a.measure(ctx, f.Inventory, list, since, until)
	if err != nil {
		return err
	}
	l := &report.Loads{Since: since, Until: until, Resources: m.besides(f), Missing: m.missing}
	return a.print(result{screen: report.MeasuredLoads(l), table: report.LoadsTable(l), json: object(l)})
}

// measured is what stores of an inventory were measured to weigh.
type measured struct {
	stores  []measuredStore     // of which something is known
	missing []inventory.StoreID // the others
	until   time.Time
}

type measuredStore struct {
	name  inventory.StoreID
	loads []usage.Load
	rooms []usage.Room
}

// measure reads what stores used, one after the other: weeks of a large fleet are more
// than fit into memory.
func (a *app) measure(ctx context.Context, inv *inventory.Inventory, stores []int, since, until time.Time) (*measured, error) {
	h, err := a.openSamples(ctx, "use of a server")
	if err != nil {
		return nil, err
	}
	defer h.Close()
	m := &measured{until: until, missing: []inventory.StoreID{}}
	bar := a.progress("measure")
	defer bar.end()
	for i, s := range stores {
		store := inv.Stores[s].Name
		bar.at(i, len(stores), string(store))
		hours, err := h.UsageHours(ctx, monitor.Span{Store: store, From: since, Until: until})
		if err != nil {
			return nil, err
		}
		if len(hours) == 0 {
			m.missing = append(m.missing, store)
			continue
		}
		m.stores = append(m.stores, measuredStore{store, usage.Loads(hours, until.Location()), usage.Rooms(hours)})
	}
	if len(stores) > 0 && len(m.stores) == 0 {
		return nil, m.nothing(a, since)
	}
	return m, nil
}

// nothing is the error that no hour of the stores was measured.
func (m *measured) nothing(a *app, since time.Time) error {
	what := "the stores of the inventory"
	if len(m.missing) == 1 {
		what = string(m.missing[0])
	}
	err := errors.New("no hour of what " + what + " used since " + since.Format("2006-01-02 15:04") + " is recorded in " + inventory.Printable(history.SamplesPath(a.config.DB)))
	return hint(err, "run interlace watch on each mail server; an hour counts when it has ended and has 10 samples (probes.usage: 5m)")
}
