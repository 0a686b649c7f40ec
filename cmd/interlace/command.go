package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// inPlace puts a value in place of a name in the words of a command.
func inPlace(command []string, name, value string) []string {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = strings.ReplaceAll(word, name, value)
	}
	return words
}

// queryTimeout is how long a command that is asked for something may take.
const queryTimeout = 30 * time.Second

// output runs a command that is soon done, without a shell, and returns what it prints.
func output(ctx context.Context, command []string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, queryTimeout, late(queryTimeout))
	defer cancel()
	text, err := answer(ctx, "", command)
	if err != nil {
		return "", err
	}
	return text, nil
}

// late says that a command was ended since its time was over.
func late(limit time.Duration) error {
	return fmt.Errorf("it has not ended after %s, and was ended with all that it had begun", formatDuration(limit))
}

// answer runs a command as execute does, and returns what it prints.
func answer(ctx context.Context, input string, command []string, settings ...string) (string, error) {
	var out, complaint limited
	err := execute(ctx, input, command, &out, &complaint, settings)
	switch {
	case err != nil:
		return out.String(), commandFailed(command, err, firstWords(complaint.String()))
	case out.Len() >= mostOutput:
		return "", fmt.Errorf("%s prints more than %d MiB", programOf(command), mostOutput>>20)
	}
	return out.String(), nil
}

// lastWords runs a command as execute does that may print without end, as one that copies files,
// and returns the last of what it prints and complains of.
func lastWords(ctx context.Context, input string, command []string, settings ...string) (string, error) {
	var said latest
	if err := execute(ctx, input, command, &said, &said, settings); err != nil {
		return "", commandFailed(command, err, firstWords(said.String()))
	}
	return said.String(), nil
}

// execute runs a command, without a shell, with the input as its standard input and further
// settings in its environment. It is a process group of its own: what a terminal interrupts is
// the program that runs it, which decides what becomes of the command, and when the
// context ends all of it ends. What it leaves running is neither ended nor waited for,
// though it may hold on to what the command prints to.
func execute(ctx context.Context, input string, command []string, out, complaint io.Writer, settings []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = strings.NewReader(input), out, complaint, time.Second
	cmd.Env = append(cmd.Environ(), settings...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// commandFailed says which command fails, and what it complains of.
func commandFailed(command []string, err error, complaint string) error {
	if complaint != "" {
		err = fmt.Errorf("%w: %s", err, complaint)
	}
	return fmt.Errorf("%s: %w", programOf(command), err)
}

// underLock runs a command while nobody else holds the lock of a file.
func underLock(file string, command []string) []string {
	return append([]string{"flock", "--close", file}, command...)
}

// programOf is the program that a command is about.
func programOf(command []string) string {
	if len(command) > 3 && command[0] == "flock" {
		return command[3]
	}
	return command[0]
}

// firstWords are the first words that a command complains with, in one line.
func firstWords(text string) string {
	text = inventory.Clean(strings.Join(strings.Fields(text), " "))
	for i := range text {
		if i >= mostTold {
			return text[:i] + "…"
		}
	}
	return text
}

// mostOutput is how much of what a command prints is read, and mostTold how much of what it
// complains of is told.
const mostOutput, mostTold = 16 << 20, 300

// latest keeps the last lines of what is written to it, as many as are told.
type latest struct{ text []byte }

func (l *latest) Write(b []byte) (int, error) {
	l.text = append(l.text, b[max(0, len(b)-mostTold):]...)
	if past := len(l.text) - mostTold; past > 0 {
		if end := bytes.IndexByte(l.text[past:], '\n'); end >= 0 && past+end+1 < len(l.text) {
			past += end + 1
		}
		l.text = append(l.text[:0], l.text[past:]...)
	}
	return len(b), nil
}

func (l *latest) String() string { return string(l.text) }

// limited keeps the beginning of what is written to it.
type limited struct{ strings.Builder }

func (l *limited) Write(b []byte) (int, error) {
	l.Builder.Write(b[:max(0, min(len(b), mostOutput-l.Len()))])
	return len(b), nil
}
