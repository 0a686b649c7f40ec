package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
)

// maxPlan is the largest plan file, enough for moves of ten million users.
const maxPlan = 4 << 30

// planFile is a plan and the file it was read from.
type planFile struct {
	planner.Plan
	path string
	text []byte
}

// readPlan reads a plan file: complete, of a known kind and format, and with
// the content that its id belongs to.
func readPlan(ctx context.Context, path string) (*planFile, error) {
	text, err := readLimited(ctx, path, maxPlan)
	if err != nil {
		return nil, hint(fmt.Errorf("read the plan: %w", err), "%s", unreadHint(err, path, planHint))
	}
	p, err := decodePlan(text)
	if mistakes := (*planner.Mistakes)(nil); errors.As(err, &mistakes) {
		return nil, hint(&wrongPlans{[]wrongPlan{{path, mistakes}}}, "make the plan again; a newer interlace may have made it")
	}
	if err != nil {
		return nil, fmt.Errorf("read the plan %s: %w", path, err)
	}
	return &planFile{p, path, text}, nil
}

const planHint = "layout, users and moves write plan files with --plan FILE"

func decodePlan(text []byte) (planner.Plan, error) {
	var head struct {
		Format *int   `json:"format"`
		Kind   string `json:"kind"`
		ID     string `json:"id"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, notAPlan(text, err)
	}
	if head.Format == nil {
		return nil, hint(errors.New(`it is not a plan file: it has no "format"`), planHint)
	}
	if *head.Format != planner.Format {
		return nil, hint(fmt.Errorf("it has format %d, this program reads format %d", *head.Format, planner.Format), "a newer interlace made it; use that one")
	}
	p := planOf(head.Kind)
	if p == nil {
		return nil, fmt.Errorf("it is of kind %s, which is none of layout, users, moves", inventory.Quoted(head.Kind))
	}
	wrong := planner.Decode(text, p)
	id, err := planner.ContentID(text)
	switch {
	case wrong != nil && (err != nil || id == head.ID):
		return nil, wrong
	case err != nil:
		return nil, err
	case id != head.ID:
		return nil, hint(fmt.Errorf("it was changed after it was made: its content has the id %s, not %s", id, inventory.Printable(head.ID)), "make the plan again, with options that lead to what you want")
	}
	return p, nil
}

// notAPlan says why a text is no plan: it is cut off, something follows the
// plan, or it is something else.
func notAPlan(text []byte, err error) error {
	var syntax *json.SyntaxError
	if start := bytes.TrimLeft(text, " \t\r\n"); errors.As(err, &syntax) && len(start) > 0 && start[0] == '{' {
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&struct{}{}); err == nil {
			return hint(errors.New("something follows the plan"), planHint)
		} else if errors.Is(err, io.ErrUnexpectedEOF) {
			return hint(errors.New("it ends in the middle of the plan"), planHint)
		}
	}
	return hint(errors.New("it is not a plan file"), planHint)
}

// planOf returns an empty plan of the kind, or nil.
func planOf(kind string) planner.Plan {
	switch kind {
	case planner.KindLayout:
		return &planner.Layout{}
	case planner.KindUsers:
		return &planner.Assignment{}
	case planner.KindMoves:
		return &planner.Schedule{}
	}
	return nil
}

// savePlan seals a plan whose reference is set and writes it to the file that
// --plan names, if it does.
func savePlan(path string, p planner.Plan) error {
	if err := planner.Seal(p); err != nil || path == "" {
		return err
	}
	text, err := planner.Encode(p)
	if err != nil {
		return err
	}
	if err := writeWhole(path, text); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// reference returns the part of a plan that names the facts it was made from.
func reference(p planner.Plan) planner.Reference {
	switch p := p.(type) {
	case *planner.Layout:
		return p.Inventory
	case *planner.Assignment:
		return p.Inventory
	case *planner.Schedule:
		return p.Inventory
	}
	return planner.Reference{}
}

// subjects returns the stores, servers and share groups that a plan touches,
// each once.
func subjects(p planner.Plan) []planner.Subject {
	found := map[planner.Subject]bool{}
	switch p := p.(type) {
	case *planner.Layout:
		for _, c := range p.Changes {
			found[planner.StoreSubject(c.Store)] = true
			found[planner.ServerSubject(c.Server)] = true
			if c.From != "" {
				found[planner.ServerSubject(inventory.ServerID(c.From))] = true
			}
		}
	case *planner.Assignment:
		for _, c := range p.Changes {
			found[planner.GroupSubject(c.Group)] = true
			found[planner.StoreSubject(c.From)] = true
			found[planner.StoreSubject(c.To)] = true
		}
	case *planner.Schedule:
		for s := range p.Inventory.Subjects {
			found[s] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// drifted returns the subjects of the plan that are no longer as they were when
// it was made.
func drifted(p planner.Plan, f *facts) []planner.Subject {
	made := reference(p).Subjects
	now := planner.NewReference(f.Inventory, f.groups, subjects(p)).Subjects
	var drift []planner.Subject
	for _, s := range subjects(p) {
		if made[s] == "" || made[s] != now[s] {
			drift = append(drift, s)
		}
	}
	return drift
}

// shownDrift is how many subjects that have drifted a person reads.
const shownDrift = 20

// refuseDrift returns an error if the facts have changed where the plan touches them.
func refuseDrift(p *planFile, f *facts) error {
	drift := drifted(p.Plan, f)
	if len(drift) == 0 {
		return nil
	}
	var list strings.Builder
	for _, s := range drift[:min(shownDrift, len(drift))] {
		fmt.Fprintf(&list, "\n  %s %s", s.Words(), driftWords(f.Inventory, s))
	}
	if rest := len(drift) - shownDrift; rest > 0 {
		fmt.Fprintf(&list, "\n  and %d more", rest)
	}
	err := fmt.Errorf("%s was made on other facts than those of %s: of %s that it touches, %s changed%s",
		p.path, f.source, inventory.Counted(len(subjects(p.Plan)), "thing", "things"), inventory.Counted(len(drift), "has", "have"), list.String())
	return hint(err, "make the plan again")
}

// driftWords says what is known of a subject that has changed. A plan holds only
// hashes of what it was.
func driftWords(inv *inventory.Inventory, s planner.Subject) string {
	kind, name := s.Split()
	state, there := inventory.Active, true
	switch kind {
	case "server":
		i := inv.Server(inventory.ServerID(name))
		if there = i >= 0; there {
			state = inv.Servers[i].State
		}
	case "store":
		i := inv.Store(inventory.StoreID(name))
		if there = i >= 0; there {
			state = inv.Stores[i].State
		}
	}
	switch {
	case !there:
		return "is gone"
	case state != inventory.Active:
		return fmt.Sprintf("is not as it was: its state is %s now", state)
	}
	return "is not as it was"
}
