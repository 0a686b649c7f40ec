package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Plan is a plan file: a layout, an assignment or a schedule.
type Plan interface {
	PlanID() string
	setID(id string)
	check(m *Mistakes)
}

// PlanID returns the plan's id.
func (p *Layout) PlanID() string { return p.ID }

// PlanID returns the plan's id.
func (p *Assignment) PlanID() string { return p.ID }

// PlanID returns the plan's id.
func (p *Schedule) PlanID() string { return p.ID }

func (p *Layout) setID(id string)     { p.ID = id }
func (p *Assignment) setID(id string) { p.ID = id }
func (p *Schedule) setID(id string)   { p.ID = id }

// Seal sets the plan's id from its content: the first 16 hex digits of the
// SHA-256 of its JSON without the member "id", in the canonical form of RFC 8785.
func Seal(p Plan) error {
	id, err := contentID(p)
	if err != nil {
		return err
	}
	p.setID(id)
	return nil
}

// Verify reports an error if the plan's id does not belong to its content.
func Verify(p Plan) error {
	id, err := contentID(p)
	if err != nil {
		return err
	}
	if id != p.PlanID() {
		return fmt.Errorf("plan %s was changed after it was made: its content has the id %s", p.PlanID(), id)
	}
	return nil
}

func contentID(p Plan) (string, error) {
	text, err := Encode(p)
	if err != nil {
		return "", err
	}
	return ContentID(text)
}

// ContentID returns the id that belongs to the JSON text of a plan.
func ContentID(text []byte) (string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return "", fmt.Errorf("read plan: %w", err)
	}
	delete(members, "id")
	rest, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("encode plan: %w", err)
	}
	canonical, err := jcs.Transform(rest)
	if err != nil {
		return "", fmt.Errorf("canonical form of plan: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:8]), nil
}
