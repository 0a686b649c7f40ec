package host

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// left returns the claims that lie beside an instance, and the private configurations.
func (h *Host) left(ctx context.Context) (claims []Claim, confs []string, err error) {
	if err := h.Know(ctx); err != nil {
		return nil, nil, err
	}
	dir := path.Clean(h.Settings["configdirectory"])
	if !path.IsAbs(dir) {
		return nil, nil, h.nowhere()
	}
	words := []string{
		"find", "-H", dir, "-maxdepth", "1", "-name", "interlace-*.conf", "-print",
		"-o", "-name", "interlace-*" + claimSuffix, "-exec", "head", "-v", "-n", "1000", "--", "{}", "+",
	}
	text, err := h.ask(ctx, Short, words...)
	if err != nil { // a claim may have ended meanwhile
		text, err = h.ask(ctx, Short, words...)
	}
	if err != nil {
		if there, unknown := h.Exists(ctx, dir); unknown == nil && !there {
			return nil, nil, nil // all of it was removed
		}
		return nil, nil, fmt.Errorf("look for claims in %s on %s: %w", dir, h.Server, err)
	}
	own := path.Join(dir, "interlace-")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		file, of := strings.CutPrefix(line, "==> ")
		switch file, ends := strings.CutSuffix(file, " <=="); {
		case of && ends && strings.HasPrefix(file, own):
			claims = append(claims, Claim{Host: h, File: file})
		case strings.HasPrefix(line, own):
			confs = append(confs, line)
		case len(claims) > 0:
			claims[len(claims)-1].read(line)
		}
	}
	slices.SortFunc(claims, func(a, b Claim) int { return strings.Compare(a.File, b.File) })
	slices.Sort(confs)
	return claims, confs, nil
}

// Claims returns the claims that lie beside instances, in their order, the private
// configurations there, and an error for those that could not be looked at.
func Claims(ctx context.Context, hosts []*Host) (all []Claim, confs map[*Host][]string, unseen error) {
	type sight struct {
		claims []Claim
		confs  []string
		err    error
	}
	seen := map[*Host]*sight{}
	for _, h := range hosts {
		seen[h] = &sight{}
	}
	_ = Everywhere(hosts, func(h *Host) error {
		s := seen[h]
		s.claims, s.confs, s.err = h.left(ctx)
		return nil
	})
	confs = map[*Host][]string{}
	for _, h := range hosts {
		all, unseen = append(all, seen[h].claims...), errors.Join(unseen, seen[h].err)
		confs[h] = seen[h].confs
	}
	return all, confs, unseen
}

// nowhere says that an instance has not told where its files are.
func (h *Host) nowhere() error {
	return fmt.Errorf("where configdirectory of %s on %s is was not found out", h.Conf, h.Server)
}

// stakes is how often that is tried.
const stakes = 3

// ClaimFile is the path of the claim of the unit.
func (h *Host) ClaimFile() string { return h.Own(claimSuffix) }

// Stake makes a claim of this text from a file of its own, all of it at once, and fails if
// there is one of that unit. The file stays beside the claim, and goes with it (see
// [Host.Unstake]).
func (h *Host) Stake(ctx context.Context, c *Claim, text string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	own, claim := h.Own(staged(c.Journal, c.Since)), h.ClaimFile()
	if err := h.put(ctx, own, text); err != nil {
		return err
	}
	var failed error
	for range stakes { // one that was in the way may have ended meanwhile
		if _, failed = h.ask(ctx, Short, "ln", "-T", "--", own, claim); failed == nil {
			return nil
		}
		if there, err := h.Exists(ctx, claim); there && err == nil {
			return fmt.Errorf("another apply has claimed the instance on %s at the same moment, with %s: begin again when that has ended", h.Server, claim)
		}
	}
	return fmt.Errorf("claim the instance with %s on %s: %w", claim, h.Server, failed)
}

// Unstake removes the claim of the unit if that is its own, and what claims were made from for
// a journal at these times.
func (h *Host) Unstake(ctx context.Context, own bool, journal string, made []time.Time) error {
	var files []string
	for _, at := range made {
		files = append(files, staged(journal, at))
	}
	if own {
		files = append(files, claimSuffix)
	}
	return h.Forget(ctx, files...)
}

// Note adds to the claim of the unit.
func (h *Host) Note(ctx context.Context, text string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	return h.put(ctx, h.ClaimFile(), text, "oflag=append", "conv=notrunc,nocreat")
}

func (h *Host) put(ctx context.Context, file, text string, how ...string) error {
	if !path.IsAbs(file) {
		return h.nowhere()
	}
	ctx, cancel := context.WithTimeout(ctx, Short)
	defer cancel()
	if _, err := h.Run(ctx, h.Server, text, append([]string{"dd", "of=" + file, "status=none"}, how...)...); err != nil {
		return fmt.Errorf("claim the instance with %s on %s: %w", file, h.Server, err)
	}
	return nil
}

// mostAtOnce is on how many hosts something is done at once.
const mostAtOnce = 50

// Everywhere does something on hosts at once, and returns the first error that comes of it.
func Everywhere(hosts []*Host, do func(*Host) error) error {
	var doing errgroup.Group
	doing.SetLimit(mostAtOnce)
	for _, h := range hosts {
		doing.Go(func() error { return do(h) })
	}
	return doing.Wait()
}
