package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
)

// doubt is something wrong that may come right later, and keeps nobody from work.
type doubt struct{ error }

func (d *doubt) Unwrap() error { return d.error }

// named says what is wrong with what the configuration names for the monitor: the
// database, the fleet and this server in it, logs, programs and passwords. An empty
// name of the server is that of none.
func (a *app) named(ctx context.Context, server string) error {
	c := a.config
	return errors.Join(
		c.wrong("db", a.wrongDatabase()), a.wrongFleet(ctx, server), c.wrongLogs(), c.wrongPrograms(), c.wrongRecovery(),
		c.doubtful("imap.password_file", c.IMAP.PasswordFile), c.doubtful("imap.ca_file", c.IMAP.CAFile),
	)
}

// wrongDatabase says why there can be no database.
func (a *app) wrongDatabase() error {
	path, err := a.databaseFile()
	if err != nil {
		return nil // who opens it says so
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a directory; name a file in it", inventory.Printable(path))
	}
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no directory %s; make it, for the account of watch", inventory.Printable(dir))
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is no directory", inventory.Printable(dir))
	}
	return nil
}

// wrongFleet says what is wrong with the fleet file, and whether it lacks the server.
// An inventory in a database that cannot be read is for those to tell who need it.
func (a *app) wrongFleet(ctx context.Context, server string) error {
	var inv *inventory.Inventory
	var err error
	switch {
	case !a.fromFile():
		if inv, _, err = a.storesKnown(ctx); err != nil || inv == nil {
			return nil
		}
	case isPipe(a.config.Fleet):
		return nil
	default:
		if inv, _, err = files.Read(ctx, a.config.Fleet); err != nil {
			return a.config.wrong("fleet", err)
		}
	}
	if server != "" && inv.Server(inventory.ServerID(server)) < 0 {
		return a.config.wrong("server", a.unknownServer(inv, server))
	}
	return nil
}

// wrongLogs says which of the logs are none. One that is not there may come, and the
// others are followed meanwhile.
func (c *config) wrongLogs() error {
	list := c.find("logs.files").value.(*listValue)
	var wrong error
	for i, path := range c.Monitor.LogFiles {
		if err := notPlain(path); err != nil {
			wrong = errors.Join(wrong, c.wrong("logs.files", list.at(i, err)))
		}
	}
	if len(c.Monitor.Journal) > 0 {
		wrong = errors.Join(wrong, c.wrong("logs.journal", notFound("journalctl")))
	}
	return wrong
}

// notPlain says why a path leads to no log that can be followed now.
func notPlain(path string) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return &doubt{fmt.Errorf("there is no file %s yet", inventory.Printable(path))}
	case err == nil && !info.Mode().IsRegular():
		return &doubt{fmt.Errorf("%s is no plain file, and not read as long as that is so", inventory.Printable(path))}
	case !mayRead(path):
		return &doubt{fmt.Errorf("this account may not read %s; that of watch has to", inventory.Printable(path))}
	}
	return nil
}

// wrongPrograms says which programs cannot be run.
func (c *config) wrongPrograms() error {
	m := &c.Monitor
	return errors.Join(
		c.wrong("sync_client", notFound(m.SyncClient)), c.wrongCommand("sync_restart", m.Restart), c.wrongCommand("routing_query", m.RoutingQuery), c.wrongCommand("runner.argv", m.Runner),
	)
}

// wrongCommand says why a command cannot be run, or nothing where there is none.
func (c *config) wrongCommand(path string, words []string) error {
	if len(words) == 0 {
		return nil
	}
	return c.wrong(path, notFound(words[0]))
}

// wrongApply says what is wrong with what apply alone runs and changes here: while users
// are denied is too late to find that out. The routes are read where nobody else does.
func (c *config) wrongApply(ctx context.Context, read bool) error {
	a := &c.Apply
	wrong := errors.Join(
		c.wrongCommand("routing_hook", a.RoutingHook), c.wrongCommand("mta_kick", a.Kick),
		c.wrongCommand("instance_hook", a.InstanceHook), c.wrongCommand("seed_command", a.SeedCommand), c.wrong("routing_file", c.wrongRoutes(ctx, read)),
	)
	if a.Tools != "" && len(c.Monitor.Runner) == 0 { // the programs run here
		wrong = errors.Join(wrong, c.wrong("cyrus_tools", notFound(filepath.Join(a.Tools, "cyr_deny"))))
	}
	return wrong
}

// writable is W_OK of access(2).
const writable = 2

// wrongRoutes says why the file of routes can't be replaced or read, as far as that is what
// it is for.
func (c *config) wrongRoutes(ctx context.Context, read bool) error {
	file := c.Monitor.RoutingFile
	if file == "" || isPipe(file) {
		return nil
	}
	if len(c.Apply.RoutingHook) == 0 {
		if _, err := os.Stat(file); err != nil {
			return err
		}
		real, err := filepath.EvalSymlinks(file)
		if err != nil {
			return err
		}
		if denied := syscall.Access(filepath.Dir(real), writable); denied != nil {
			return fmt.Errorf("%s can't be replaced: %w", inventory.Printable(real), denied)
		}
	}
	if len(c.Monitor.RoutingQuery) > 0 || !read {
		return nil
	}
	if _, err := readRoutes(ctx, file, nil); err != nil {
		return errors.New(inShort(err))
	}
	return nil
}

// notFound says why a program cannot be run, or nothing where none is named. One
// without a directory may be found where the service looks.
func notFound(program string) error {
	if program == "" {
		return nil
	}
	_, err := exec.LookPath(program)
	switch {
	case err == nil || errors.Is(err, exec.ErrDot) || errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return nil
	case !strings.Contains(program, "/"):
		return &doubt{fmt.Errorf("there is no program %s in PATH, as it is here", inventory.Printable(program))}
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s is no program: nobody may execute it", inventory.Printable(program))
	}
	return fmt.Errorf("there is no program %s", inventory.Printable(program))
}

// doubtful says that a file which others than watch read is not there, or closed.
func (c *config) doubtful(path, file string) error {
	if file == "" {
		return nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return c.wrong(path, &doubt{fmt.Errorf("there is no file %s; discover and compare need it", inventory.Printable(file))})
	}
	if !mayRead(file) {
		return c.wrong(path, &doubt{fmt.Errorf("this account may not read %s; that of discover and compare has to", inventory.Printable(file))})
	}
	return nil
}
