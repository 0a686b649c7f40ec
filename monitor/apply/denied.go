package apply

import (
	"context"

	"github.com/interlacemail/interlace/inventory"
)

// DeniedOn returns the users who are denied everything on an instance. Of the options
// it takes how to run programs, and where they are.
func (o *Options) DeniedOn(ctx context.Context, in inventory.Instance) (map[inventory.UserID]bool, error) {
	h := &host{run: o.Run, server: in.Server, tools: o.Tools, conf: in.IMAPDConf}
	return h.denied(ctx)
}
