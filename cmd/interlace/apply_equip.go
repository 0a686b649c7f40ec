package main

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// stands returns the facts as they stand, which it asks for once.
func (c *applying) stands(ctx context.Context) (*standing, error) {
	if c.now != nil {
		return c.now, nil
	}
	var err error
	if c.facts == nil {
		if c.facts, err = c.app.facts(ctx); err != nil {
			return nil, err
		}
	}
	c.now, err = c.app.standing(ctx, c.history, c.facts)
	return c.now, err
}

// equip makes the options anew, with the facts as they stand by now.
func (c *applying) equip(ctx context.Context) error {
	s, err := c.stands(ctx)
	if err != nil {
		return err
	}
	o, err := c.app.applyOptions(ctx, c.history, s, c.flags)
	if err != nil {
		return err
	}
	if c.names == nil {
		c.names = &naming{config: c.app.config, history: c.history}
	}
	c.names.inv, o.Name = o.Inventory, c.names.name
	if c.options != nil {
		o.Tally = c.options.Tally
	}
	c.options = o
	return nil
}

// was is the inventory as it was before a job was begun.
func (c *applying) was(j *job) *inventory.Inventory {
	return course.Before(c.now.Inventory, j.executed)
}
