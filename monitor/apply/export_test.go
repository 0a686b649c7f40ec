package apply

import "context"

// Carry carries one unit on.
func (o *Options) Carry(ctx context.Context, u *Unit, back bool) (Outcome, error) {
	m, err := o.newMove(ctx, u)
	if err != nil {
		return Stopped, err
	}
	return o.carry(ctx, u, &ofMove, m, back)
}
