package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// homes are the servers of each store's master and replica: two servers that
// mirror one another, and a third that was bought later.
var homes = [][2]string{
	{"imap1", "imap2"},
	{"imap1", "imap2"},
	{"imap1", "imap2"},
	{"imap2", "imap1"},
	{"imap2", "imap1"},
	{"imap3", "imap1"},
}

// bringUp starts the instances and fills them.
func bringUp(ctx context.Context) (*cyrustest.Fleet, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var o cyrustest.Options
	for i := range homes {
		o.Stores = append(o.Stores, cyrustest.StoreOptions{Name: storeName(i)})
	}
	fleet, err := cyrustest.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, fleet); err != nil {
		return nil, errors.Join(err, fleet.Stop())
	}
	return fleet, nil
}

// fill delivers the mail, to all stores at once, and waits for the replicas.
func fill(ctx context.Context, fleet *cyrustest.Fleet) error {
	filled := make(chan error)
	stores := people()
	for i := range stores {
		go func() { filled <- fleet.Stores[i].Master().Fill(ctx, stores[i].mailboxes()) }()
	}
	var err error
	for range stores {
		err = errors.Join(err, <-filled)
	}
	if err != nil {
		return err
	}
	return fleet.Settle(ctx)
}

// describe writes the files that interlace needs.
func describe(fleet *cyrustest.Fleet, dir string) error {
	files := map[string]string{
		"fleet.yaml":     fleetFile(fleet),
		"imap-password":  fleet.Password + "\n",
		"interlace.yaml": configuration,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const configuration = `db: interlace.db
imap: {user: ` + cyrustest.AdminUser + `, password_file: imap-password, tls: none}
`

// fleetFile returns the fleet file. Capacities are such that the fleet would
// have room for all it carries, were it spread evenly.
func fleetFile(fleet *cyrustest.Fleet) string {
	var bytes int64
	var writes float64
	for _, s := range people() {
		b, w := s.weight()
		bytes, writes = bytes+b, writes+w
	}
	var b strings.Builder
	b.WriteString("# Servers and stores of a toy fleet: a few megabytes of mail, and so little\n" +
		"# written that io counts in hundredths of an operation a second.\n" +
		"format: 1\nspread: [rack]\nservers:\n")
	for i := range 3 {
		fmt.Fprintf(&b, "  - {name: imap%d, domains: {rack: r%[1]d}, slots: 8, capacity: {disk: %d, io: %.3f}, bandwidth: 20kB/s}\n",
			i+1, bytes, 0.9*writes)
	}
	b.WriteString("stores:\n")
	for i, s := range fleet.Stores {
		fmt.Fprintf(&b, "  - name: %s\n    capacity: {disk: %d}\n    instances:\n", s.Name, bytes*19/60)
		for k, in := range s.Instances {
			role := "master"
			if k > 0 {
				role = "replica"
			}
			fmt.Fprintf(&b, "      - {server: %s, role: %s, imap: \"%s\", csync: \"%s\", imapd_conf: %s, sync_dir: %s}\n",
				homes[i][k], role, in.IMAP, in.Csync, in.Conf, filepath.Join(in.Dir, "conf", "sync"))
		}
	}
	return b.String()
}
