package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// slowest is the rate in bytes per second at which a long answer must come.
const slowest = 16 << 10

// idleBytes is what a server may send while no command is under way: a few
// lines, such as the one that says goodbye.
const idleBytes = 16 << 10

// farewell is how long a server that said goodbye may take to close the connection.
const farewell = time.Second

// wire is a connection shared by two readers that never read at the same time:
// go-imap, whose goroutine reads all the time, and our own reader of raw
// answers. A pump reads from the network; each piece goes to whoever has the
// wire at that moment. Nobody is interrupted in the middle of a read, so the
// hand-over needs no deadlines.
//
// The wire ends every command that takes too long, brings too much or whose
// context ends: it closes the connection, and both readers get the reason.
type wire struct {
	net.Conn          // what is read and written, perhaps through TLS
	socket   net.Conn // what is closed: closing TLS would wait for the server

	mu       sync.Mutex
	changed  sync.Cond
	piece    []byte // read from the network and not yet taken
	err      error  // why nothing more will come
	raw      bool   // our own reader has the wire, not go-imap
	midLine  bool   // go-imap was given a line without its end
	goodbye  []byte // with what word the server ended the connection, as go-imap was told
	guard    guard
	left     int64 // bytes that the server may still send
	received int64 // bytes that it sent since the command began
	begun    time.Time
	patience time.Duration
	clock    *time.Timer // nil while no command is under way
}

// newWire starts the pump of a connection. The greeting is given to go-imap
// before anything that comes from the network.
func newWire(conn, socket net.Conn, greeting string) *wire {
	w := &wire{Conn: conn, socket: socket, left: idleBytes, piece: []byte(greeting)}
	w.changed.L = &w.mu
	go w.pump()
	return w
}

// pump reads from the network, a piece when the last one has been taken.
func (w *wire) pump() {
	buffer := make([]byte, 64<<10)
	for w.empty() {
		n, err := w.Conn.Read(buffer)
		acknowledge(w.socket)
		w.put(buffer[:n])
		if err != nil {
			w.fail(fmt.Errorf("connection lost: %w", err))
		}
	}
}

// empty waits until all has been taken and tells whether to go on.
func (w *wire) empty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.piece) > 0 && w.err == nil {
		w.changed.Wait()
	}
	return w.err == nil
}

// put hands out what came from the network, as far as the command may have it.
func (w *wire) put(piece []byte) {
	w.mu.Lock()
	// What our own reader gave back meanwhile goes first.
	w.piece = append(w.piece, piece...)
	w.received += int64(len(piece))
	w.left -= int64(len(piece))
	flood := w.left < 0
	w.mu.Unlock()
	w.changed.Broadcast()
	if flood {
		w.fail(ErrFlood)
	}
}

// ErrFlood says that a server tells more than can be: it was cut off, so that it
// does not fill our memory.
var ErrFlood = errors.New("the server sends more than any answer needs")

var (
	errSlow   = errors.New("the server does not answer in time")
	errClosed = errors.New("the connection is closed")
)

// fail ends the connection. The first reason counts.
func (w *wire) fail(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mu.Unlock()
	w.changed.Broadcast()
	w.socket.Close()
}

// Close is how go-imap gives a connection up: it knows why.
func (w *wire) Close() error {
	w.fail(errClosed)
	return nil
}

// cause returns why the wire ended the connection, or nil if it did not.
func (w *wire) cause() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.goodbye != nil && (errors.Is(w.err, errClosed) || w.err == nil || Passing(w.err) || errors.Is(w.err, errSlow)):
		return goodbye(w.goodbye)
	case errors.Is(w.err, errClosed):
		return nil
	}
	return w.err
}

// over tells whether the connection has ended.
func (w *wire) over() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}

// take reads for go-imap, or for our own reader. What came before the
// connection failed is still given out, except when too much came.
func (w *wire) take(p []byte, raw bool) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.err != nil && (w.raw != raw || len(w.piece) == 0 || errors.Is(w.err, ErrFlood)) {
			return 0, w.err
		}
		if w.raw == raw && len(w.piece) > 0 {
			n := copy(p, w.piece)
			w.piece = w.piece[n:]
			if !raw {
				w.hear(p[:n])
				w.midLine = p[n-1] != '\n'
			}
			w.changed.Broadcast()
			return n, nil
		}
		w.changed.Wait()
	}
}

// hear keeps the goodbye in what go-imap is given, which keeps it to itself. What the
// command waits for will hardly come after it.
func (w *wire) hear(given []byte) {
	_, text, found := bytes.Cut(append([]byte("\r\n"), given...), []byte("\r\n* BYE "))
	if line, _, _ := bytes.Cut(text, []byte("\r\n")); found {
		w.goodbye = bytes.Clone(line)
		if w.clock != nil {
			w.patience = min(w.patience, time.Since(w.begun)+farewell)
			w.clock.Reset(min(farewell, w.patience))
		}
	}
}

// Read reads for go-imap.
func (w *wire) Read(p []byte) (int, error) { return w.take(p, false) }

// Write sends commands, and only those that the guard lets through.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	err := w.guard.check(p)
	w.mu.Unlock()
	if err != nil {
		w.fail(err)
		return 0, err
	}
	return w.Conn.Write(p)
}

// let has the guard let a command through once though it changes something.
func (w *wire) let(command string) {
	w.mu.Lock()
	w.guard.let = command
	w.mu.Unlock()
}

// SetReadDeadline, SetWriteDeadline and SetDeadline do nothing: go-imap sets
// deadlines that allow minutes of silence, and the wire has its own clock.
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }
func (*wire) SetDeadline(time.Time) error      { return nil }

// begin starts the clock of a command whose answer may have so many bytes, and
// returns the function that stops it.
func (w *wire) begin(ctx context.Context, bytes int64, patience time.Duration) (end func()) {
	w.mu.Lock()
	w.left, w.received = bytes, 0
	w.begun, w.patience = time.Now(), patience
	w.clock = time.AfterFunc(patience, w.tick)
	w.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { w.fail(context.Cause(ctx)) })
	return func() {
		stop()
		w.mu.Lock()
		w.clock.Stop()
		w.clock, w.left = nil, idleBytes
		w.mu.Unlock()
	}
}

// got returns how many bytes have come since the last command began.
func (w *wire) got() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.received
}

// tick fails the command unless so much has come meanwhile that it has more time.
func (w *wire) tick() {
	w.mu.Lock()
	allowed := w.patience + time.Duration(float64(w.received)/slowest*float64(time.Second))
	rest := allowed - time.Since(w.begun)
	if w.clock == nil || rest > 0 {
		if w.clock != nil {
			w.clock.Reset(rest)
		}
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	w.fail(fmt.Errorf("%w: %v passed", errSlow, allowed.Round(time.Millisecond)))
}

// hold gives the wire to our own reader. It waits until go-imap has been given
// the end of the line it reads: it reports a command done just before that.
func (w *wire) hold() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil && (w.midLine || len(w.piece) > 0) {
		w.changed.Wait()
	}
	if w.err != nil {
		return w.err
	}
	w.raw = true
	return nil
}

// release gives the wire back to go-imap, and with it what our own reader read
// beyond the answer to its command.
func (w *wire) release(unread []byte) {
	w.mu.Lock()
	w.raw = false
	w.piece = append(append([]byte(nil), unread...), w.piece...)
	w.mu.Unlock()
	w.changed.Broadcast()
}
