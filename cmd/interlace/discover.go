package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/discover"
	"github.com/interlacemail/interlace/inventory/files"
)

type discoverFlags struct {
	out      string
	partial  bool
	routed   bool
	measured optional[time.Duration]
}

func (a *app) discoverCommand() *cobra.Command {
	flags := discoverFlags{measured: spanFlag()}
	c := &cobra.Command{
		Use:   "discover",
		Short: "Build or refresh the inventory from the live fleet over IMAP",
		Long: `Ask every instance of the fleet as an administrator over IMAP: users, shared
trees, mailboxes, live bytes, messages, shares, versions. Capacities, pins and
states stay as they are. The result goes into the database, or with --out into a
directory; with --fleet there is no database, so --out must say where. Two discoveries
at least an hour apart tell how much each user writes; until then that is estimated.

After a move the originals stay where they were for keep_source. Who was moved by
interlace apply is found where the journal in the same database has them, and the
original counts nowhere, though it fills the disks of its servers: how much there is
of it is told. So is who is kept out by a plan that is in the middle. Who is on the
masters of several stores for another reason stays where the inventory has them, with
a warning, unless --routed lets the routing (routing_query or routing_file) and the
denials on the servers (cyr_deny, through runner) tell which one is used.

With --measured the own load (base) of each store is set so that, with its users, it
weighs what interlace watch has measured over the time, as far as this server knows
and interlace show loads shows it: all that Cyrus does in the busy hour, reading too,
where users count with what they write all day. What base adds to the users' loads
does not move with them. So measure over a time in which few users were moved. A
store that was seen on fewer than 3 days keeps its base, and users whose loads are
estimated stay marked so.

The exit status is 1 if an instance did not answer or did not let us in. Then
nothing is written, unless --partial lets what was known of it stay.`,
		Example: `  interlace discover
  interlace discover --fleet fleet/fleet.yaml --out discovered
  interlace discover --partial
  interlace discover --routed
  interlace discover --measured 14d`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.discover(cmd, flags)
		},
	}
	c.Flags().Var(pathFlag(&flags.out), "out", "write fleet.yaml and its tables into this `directory`, not into the database")
	c.Flags().BoolVar(&flags.partial, "partial", false, "accept that instances do not answer")
	c.Flags().BoolVar(&flags.routed, "routed", false, "where somebody is on several masters, see where they are routed and denied")
	c.Flags().Var(&flags.measured, "measured", "let stores weigh what was measured over this `time` up to now, such as 14d")
	return c
}

func (a *app) discover(cmd *cobra.Command, flags discoverFlags) error {
	if err := a.placeNamed(flags.out); err != nil {
		return err
	}
	f, err := a.facts(cmd.Context())
	if err != nil {
		return err
	}
	asker := newAsker(a.config)
	if err := asker.check(cmd.Context(), f.Inventory); err != nil {
		return err
	}
	if err := a.mayKeep(flags.out); err != nil {
		return err
	}
	weights, err := a.weights(cmd.Context(), f.Inventory, flags.measured.value)
	if err != nil {
		return err
	}
	moved, err := a.moved(cmd.Context())
	switch {
	case err != nil && cmd.Context().Err() == nil && flags.out != "":
		a.note("warning: who was moved is not known: %v", err)
	case err != nil:
		return hint(fmt.Errorf("find out who was moved: %w", err), "--out writes files, and does without the journal")
	}
	counters := a.countersFile(flags.out)
	bar := a.progress("discover")
	o := discover.Options{
		Connections: a.config.Connections, Partial: flags.partial, KeepSource: a.config.KeepSource,
		Admins: a.config.admins(), Earlier: a.readCounters(cmd.Context(), counters), Moved: moved,
		Progress: func(done, all int) { bar.at(done, all, "") },
	}
	if flags.routed {
		o.Decide = a.decide(f.Inventory)
	}
	found, err := discover.Fleet(cmd.Context(), f.Inventory, asker.ask, o)
	bar.end()
	if err != nil {
		err = fmt.Errorf("discover the fleet: %w", err)
		if cmd.Context().Err() == nil {
			err = hint(err, "instances carry imap: host:port in the fleet file")
		}
		return err
	}
	var changes inventory.Changes
	if found.Inventory != nil {
		weights.take(found.Inventory)
		changes = inventory.Compare(f.Inventory, found.Inventory)
		if err := a.keepDiscovered(cmd, found, flags.out, counters); err != nil {
			return err
		}
		if flags.out == "" && a.fromFile() {
			a.note("the result is in %s; the other commands take the facts from %s, which the configuration names", a.config.DB, a.config.Fleet)
		}
	}
	if err := a.print(discoveredResult(found, changes)); err != nil {
		return err
	}
	if found.Inventory != nil {
		weights.tell(a)
	}
	if !a.withoutDatabase() {
		a.sayContradictions(cmd.Context(), "the inventory", f.Inventory, false)
		a.sayOutByPlans(cmd.Context())
	}
	return a.discoverStatus(found)
}

// placeNamed refuses a discovery with --fleet and without --out: the flag says
// that no database is used, and a fleet file is its author's.
func (a *app) placeNamed(out string) error {
	if out != "" || !a.withoutDatabase() {
		return nil
	}
	return hint(errors.New("discover: --fleet uses no database, so --out must say where the result goes"),
		"--out DIR writes a fleet file; import FILE and then discover keep the result in the database")
}

// mayKeep finds out before anybody is asked, which takes minutes for a large
// fleet, whether what is discovered will have a place.
func (a *app) mayKeep(out string) error {
	if out != "" {
		return hint(mayFill(out), "--out wants a directory that this account may write, or the name of a new one in such a directory")
	}
	err := mayChange(a.config.DB)
	if errors.Is(err, syscall.EROFS) {
		return hint(fmt.Errorf("%s: its file system is mounted read-only", inventory.Printable(a.config.DB)), "name a file elsewhere with --db, such as a copy of this one; --out writes files instead")
	}
	return hint(err, "db names a file that this account may write, or a new one in a directory that it may write; --out writes files instead")
}

// byDiscovery is the note of an inventory that was discovered.
const byDiscovery = "discover"

// keepDiscovered writes the inventory and then the counters.
func (a *app) keepDiscovered(cmd *cobra.Command, found *discover.Result, out, counters string) error {
	if out != "" {
		if err := files.Write(out, found.Inventory); err != nil {
			return fmt.Errorf("write the fleet: %w", err)
		}
	} else if _, err := a.save(cmd, found.Inventory, byDiscovery); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := found.Counters.Write(&text); err != nil {
		return err
	}
	if err := writeWhole(counters, text.Bytes()); err != nil {
		return fmt.Errorf("write the counters: %w", err)
	}
	return nil
}

// countersFile is where the counters of the last discovery lie: beside what
// was discovered.
func (a *app) countersFile(out string) string {
	if out != "" {
		return filepath.Join(out, "counters.csv")
	}
	return strings.TrimSuffix(a.config.DB, ".db") + "-counters.csv"
}

// readCounters reads the counters of the last discovery. Without them, writes
// are estimated.
func (a *app) readCounters(ctx context.Context, path string) *discover.Counters {
	f, err := files.Open(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer f.Close()
		var c *discover.Counters
		if c, err = discover.ReadCounters(f); err == nil {
			return c
		}
	}
	a.note("warning: the counters of the last discovery are not used: %v", err)
	return nil
}

// admins are the accounts of ours, which are no users.
func (c *config) admins() []string {
	list := []string{c.IMAP.User, c.find("sync.user").value.String()}
	for _, own := range c.servers {
		list = append(list, own.User)
	}
	for _, own := range c.instances {
		list = append(list, own.User)
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
}

// discoverStatus tells what stopped the discovery. Instances that do not answer
// are what the command looks for; anything else that stops it is an error.
func (a *app) discoverStatus(found *discover.Result) error {
	unreachable, shut := 0, 0
	for _, f := range found.Findings {
		if f.Kind == discover.Unreachable {
			unreachable++
			if f.Refused() {
				shut++
			}
			continue
		}
		if f.Stops {
			return &refused{hint(errors.New(f.Text), "%s", f.Hint), "nothing was written"}
		}
	}
	if unreachable == 0 {
		return nil
	}
	did := "did not answer"
	if shut > 0 {
		did = "did not answer or did not let us in"
	}
	words := fmt.Sprintf("%s of %s instances %s", inventory.CountText(unreachable), inventory.CountText(found.Asked), did)
	switch {
	case found.Inventory != nil:
		a.say("%s; what was known of them stays", words)
	case found.Answered == 0:
		a.say("%s; nothing was written", words)
	default:
		a.say("%s; nothing was written", words)
		a.say("hint: --partial keeps what was known of them")
	}
	return errFound
}

// discovered is the answer of discover as JSON.
type discovered struct {
	At       time.Time           `json:"at"`
	Asked    int                 `json:"asked"`
	Answered int                 `json:"answered"`
	Written  bool                `json:"written"`
	Findings []discoveredFinding `json:"findings"`
	Changes  []discoveredChange  `json:"changes"`
}

type discoveredFinding struct {
	Kind   discover.Kind      `json:"kind"`
	Stops  bool               `json:"stops"`
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"`
	User   inventory.UserID   `json:"user"`
	Text   string             `json:"text"`
}

type discoveredChange struct {
	Subject string `json:"subject"`
	Change  string `json:"change"`
	Count   int    `json:"count"`
}

func discoveredResult(found *discover.Result, changes inventory.Changes) result {
	answer := discovered{
		Asked: found.Asked, Answered: found.Answered, Written: found.Inventory != nil,
	}
	if found.Counters != nil {
		answer.At = found.Counters.Time
	}
	d := report.Discovery{Asked: found.Asked, Answered: found.Answered, Inventory: found.Inventory, Changes: changes}
	for _, f := range found.Findings {
		answer.Findings = append(answer.Findings, discoveredFinding{f.Kind, f.Stops, f.Store, f.Server, f.User, f.Text})
		d.Findings = append(d.Findings, report.Finding{
			Kind: string(f.Kind), Stops: f.Stops, Store: f.Store, Server: f.Server, User: f.User, Text: f.Text, Hint: f.Hint, Cause: f.Cause,
		})
	}
	for _, c := range changes {
		answer.Changes = append(answer.Changes, discoveredChange{c.Subject, c.What, c.Count})
	}
	return result{screen: report.Discovered(d), table: report.Findings(d.Findings), json: object(answer)}
}
