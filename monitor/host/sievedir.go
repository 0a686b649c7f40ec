package host

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// ScriptFiles are the files of a user's Sieve scripts in a directory below sievedir.
type ScriptFiles struct {
	Dir      string
	Scripts  []string // texts, NAME.script, sorted
	Compiled []string // what is run, NAME.bc, sorted
	Active   string   // what defaultbc leads to: the script that is run when mail comes
	// Unread tells that Cyrus does not look there for the user, whose files have been in another
	// directory since 3.6.
	Unread bool
}

// ScriptFiles returns where users have files of Sieve scripts. It changes nothing.
func (h *Host) ScriptFiles(ctx context.Context, users []inventory.UserID) (map[inventory.UserID][]ScriptFiles, error) {
	files := map[inventory.UserID][]ScriptFiles{}
	for some := range slices.Chunk(users, PerCommand) {
		at, err := h.scriptDirs(ctx, some)
		if err == nil {
			err = h.readScriptDirs(ctx, at, files)
		}
		if err != nil {
			return nil, fmt.Errorf("look for Sieve scripts on %s: %w", h.Server, err)
		}
	}
	return files, nil
}

// scriptDir is a directory in which a user's scripts may lie.
type scriptDir struct {
	user   inventory.UserID
	unread bool
}

// scriptDirs returns the directories in which these users' scripts may lie: that which Cyrus
// reads, and that which it has read before 3.6, by the name of the user.
func (h *Host) scriptDirs(ctx context.Context, users []inventory.UserID) (map[string]scriptDir, error) {
	own, err := h.dirsOf(ctx, "-sSu", users)
	if err != nil {
		return nil, err
	}
	dirs := map[string]scriptDir{}
	for i, u := range users {
		if by := path.Join(h.Settings["sievedir"], hashed(string(u)), string(u)); path.IsAbs(by) && !strings.ContainsAny(string(u), "/@.") {
			dirs[by] = scriptDir{u, true}
		}
		dirs[own[i]] = scriptDir{u, false}
	}
	return dirs, nil
}

// dirsOf returns the directory of each of these users that mbpath tells with such options.
func (h *Host) dirsOf(ctx context.Context, options string, users []inventory.UserID) ([]string, error) {
	text, err := h.mbpath(ctx, options, users)
	if err != nil {
		return nil, err
	}
	dirs := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(dirs) != len(users) {
		return nil, errors.New("mbpath does not tell of all users where their files lie")
	}
	return dirs, nil
}

// hashed is the directory between sievedir and that of a user by name.
func hashed(user string) string {
	if c := strings.ToLower(user)[:1]; "a" <= c && c <= "z" {
		return c
	}
	return "q"
}

// readScriptDirs adds what lies in directories of users.
func (h *Host) readScriptDirs(ctx context.Context, dirs map[string]scriptDir, files map[inventory.UserID][]ScriptFiles) error {
	words := []string{"stat", "-c", "%n", "--"}
	for dir := range dirs {
		words = append(words, dir)
	}
	slices.Sort(words[4:])
	text, _ := h.ask(ctx, Short, words...) // it complains of those that are not there
	if text == "" {
		return nil
	}
	there := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	text, err := h.ask(ctx, Short, slices.Concat([]string{"find", "-H"}, there, []string{"-mindepth", "1", "-maxdepth", "1", "-printf", `%h\t%f\t%l\n`})...)
	if err != nil {
		return err
	}
	found := map[string]*ScriptFiles{}
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(parts) != 3 {
			continue
		}
		f := found[parts[0]]
		if f == nil {
			f = &ScriptFiles{Dir: parts[0], Unread: dirs[parts[0]].unread}
			found[parts[0]] = f
		}
		switch name := parts[1]; {
		case name == "defaultbc":
			f.Active = path.Base(parts[2])
		case path.Ext(name) == ".script":
			f.Scripts = append(f.Scripts, name)
		case path.Ext(name) == ".bc":
			f.Compiled = append(f.Compiled, name)
		}
	}
	for _, dir := range there {
		if f := found[dir]; f != nil {
			slices.Sort(f.Scripts)
			slices.Sort(f.Compiled)
			files[dirs[dir].user] = append(files[dirs[dir].user], *f)
		}
	}
	return nil
}
