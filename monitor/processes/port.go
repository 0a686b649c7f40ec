package processes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Port is what was heard at the address of a sync server.
type Port struct {
	Connected bool // somebody accepted the connection
	// Trip is how long it took to connect, which is one round trip; 0: nobody did.
	Trip    time.Duration
	Trouble string // why there was no greeting; empty: there was
}

// listen hears what each address says, several at once.
func listen(ctx context.Context, addresses []string, opts SurveyOptions) map[string]Port {
	heard := map[string]Port{}
	for _, address := range addresses {
		heard[address] = Port{}
	}
	var (
		mu    sync.Mutex
		group errgroup.Group
	)
	group.SetLimit(32)
	for _, address := range addresses {
		group.Go(func() error {
			port := greeting(ctx, address, opts)
			mu.Lock()
			defer mu.Unlock()
			heard[address] = port
			return nil
		})
	}
	group.Wait() // none of them fails: what went wrong is what was heard
	return heard
}

// greeting connects and waits for a sync server's greeting. The kernel accepts
// connections also for a process that hangs, so a connection alone means nothing.
func greeting(ctx context.Context, address string, opts SurveyOptions) Port {
	ctx, cancel := context.WithTimeout(ctx, opts.Wait)
	defer cancel()
	begun := time.Now()
	conn, err := opts.Dial(ctx, "tcp", address)
	if err != nil {
		return Port{Trouble: err.Error()}
	}
	port := Port{Connected: true, Trip: time.Since(begun)}
	defer conn.Close()
	if deadline, set := ctx.Deadline(); set {
		conn.SetDeadline(deadline) // where it can't be set, the next line's end ends it
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	const most = 64 << 10
	lines := bufio.NewScanner(io.LimitReader(conn, most))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "* OK") {
			fmt.Fprint(conn, "EXIT\r\n") // it may have hung up already
			return port
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil:
		port.Trouble = fmt.Sprintf("no greeting within %v", opts.Wait.Round(time.Second/10))
	case err != nil:
		port.Trouble = err.Error()
	default:
		port.Trouble = "it hung up without a greeting"
	}
	return port
}
