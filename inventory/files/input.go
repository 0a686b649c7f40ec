package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Input is a file that is read: a plain file, or a pipe such as the shell's
// <(…). What waits for it, for somebody who writes into it or for bytes, ends
// with the context.
type Input struct {
	Size  int64 // bytes of a plain file, else 0
	Plain bool  // a plain file, which can be read a second time

	file      *os.File
	cancelled func() error
	forget    func() bool
}

// Open opens a file for reading. It refuses what nobody means to read:
// directories, sockets, and devices but for the empty one.
func Open(ctx context.Context, path string) (*Input, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: reason(err)}
	}
	if what := unreadable(info); what != "" {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it is " + what)}
	}
	file, err := openPatiently(ctx, path, info.Mode().IsRegular())
	if err != nil {
		return nil, err
	}
	in := &Input{Plain: info.Mode().IsRegular(), file: file, cancelled: ctx.Err}
	if in.Plain {
		in.Size = info.Size()
	}
	in.forget = context.AfterFunc(ctx, func() {
		_ = file.SetReadDeadline(time.Unix(1, 0)) // wakes who reads a pipe; plain files keep nobody waiting
	})
	return in, nil
}

// unreadable returns what a file is if it is nothing to read.
func unreadable(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0 && !isNull(info):
		return "a device"
	}
	return ""
}

// isNull reports whether the file is the device that is always empty.
func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// openPatiently opens a file. A pipe opens when somebody opens it for writing,
// which may be never.
func openPatiently(ctx context.Context, path string, plain bool) (*os.File, error) {
	if plain {
		return os.Open(path)
	}
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := os.Open(path)
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Read reads until the context ends.
func (in *Input) Read(p []byte) (int, error) {
	if err := in.cancelled(); err != nil {
		return 0, err
	}
	n, err := in.file.Read(p)
	if cancelled := in.cancelled(); err != nil && cancelled != nil {
		return n, cancelled
	}
	return n, err
}

// Close closes the file.
func (in *Input) Close() error {
	in.forget()
	return in.file.Close()
}
