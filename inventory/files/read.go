package files

import (
	"context"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// Read returns the inventory of a fleet file and the tables it names, sorted
// and valid, and what there is to say of them. An [*Error] holds all mistakes in
// all files; any other error is about opening the fleet file itself, or that of
// the context, which ends the reading.
func Read(ctx context.Context, path string) (*inventory.Inventory, Notes, error) {
	r := newReader(ctx, path)
	text, err := r.readFleet()
	if err != nil {
		return nil, Notes{}, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > maxFleet {
		r.mistakes.add(position{r.fleet, 1, 1}, "put servers, stores and users into CSV files, such as servers: servers.csv",
			"the file is larger than %d MiB", maxFleet>>20)
	} else if string(text) == unfinished {
		r.mistakes.add(position{r.fleet, 2, 1}, "export into the directory once more", "an export into this directory has not ended: the tables beside this file may be of different fleets")
	} else if root := r.parse(text); root != nil {
		r.read(root)
		if err := ctx.Err(); err != nil {
			return nil, Notes{}, fmt.Errorf("read %s: %w", path, err)
		}
		r.validate()
	}
	notes := Notes{r.warnings.mistakes(), append([]string{path}, r.tableFiles...), r.noUsers}
	if r.mistakes.count > 0 {
		return nil, notes, &Error{r.mistakes.mistakes()}
	}
	return r.inv, notes, nil
}

// readFleet returns the text of a fleet file, one byte more than allowed at most.
func (r *reader) readFleet() ([]byte, error) {
	in, _, err := r.open(r.fleet.name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, maxFleet+1))
}

// reader reads one fleet.
type reader struct {
	open       func(path string) (in io.ReadCloser, size int64, err error)
	inv        *inventory.Inventory
	fleet      *source
	tableFiles []string // opened beside the fleet file
	root       *yaml.Node
	noUsers    bool

	tables map[inventory.Table]*table
	placed [][]placed // of each store as it was read, where its instances were written

	mistakes, warnings collector

	// Of what is not there nothing can be said if it may be where reading failed.
	partial    bool                     // only the part of the fleet file before a mistake was reached
	incomplete map[inventory.Table]bool // rows of the table could not be read
	resources  bool                     // the declaration of resources was reached
	dropped    map[string]bool          // resources beyond those that are possible

	intern interner
}

func newReader(ctx context.Context, path string) *reader {
	return &reader{
		open: func(path string) (io.ReadCloser, int64, error) { return openTable(ctx, path) },
		inv:  inventory.New(), fleet: &source{name: path},
		tables: map[inventory.Table]*table{}, incomplete: map[inventory.Table]bool{}, dropped: map[string]bool{}, intern: interner{},
		mistakes: newCollector(), warnings: newCollector(),
	}
}

// forgiven reports whether a name of a column or resource that is not known is
// no mistake, or one that has been reported.
func (r *reader) forgiven(name string) bool {
	name = name[strings.IndexByte(name, ':')+1:]
	return r.dropped[name] || r.partial && !r.resources
}

// validate sorts the inventory and adds what is wrong with it as a whole.
func (r *reader) validate() {
	order := r.inv.Sort()
	for name, from := range map[inventory.Table][]int32{
		inventory.InServers: order.Servers, inventory.InStores: order.Stores, inventory.InUsers: order.Users,
		inventory.InShares: order.Shares, inventory.InGroups: order.Groups,
	} {
		if t := r.tables[name]; t != nil {
			t.from = from
		}
	}
	mistakes, warnings := inventory.Validate(r.inv)
	unread := map[position]bool{}
	for _, f := range r.mistakes.list {
		unread[f.position] = true
	}
	r.take(&r.mistakes, mistakes, unread)
	r.take(&r.warnings, warnings, unread)
	r.lookUp()
}

// take adds mistakes that name places of the inventory, but for those that
// follow from a value that could not be read.
func (r *reader) take(c *collector, mistakes inventory.Mistakes, unread map[position]bool) {
	for _, m := range mistakes.List {
		if m.Absent != "" && (r.partial || r.incomplete[m.Absent]) {
			continue
		}
		f := r.locate(m.Place)
		if f.lookup == nil && unread[f.position] {
			continue
		}
		text := m.Text
		if m.Earlier != nil {
			text += fmt.Sprintf(", first in line %d", r.locate(*m.Earlier).line)
		}
		c.take(f, text, m.Hint, 1+m.More)
	}
}

// interner keeps one copy of texts that come again and again.
type interner map[string]string

func (i interner) text(text []byte) string {
	if s, ok := i[string(text)]; ok {
		return s
	}
	s := string(text)
	const most = 1 << 16
	if len(i) < most {
		i[s] = s
	}
	return s
}
