package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/host"
)

// check says all that speaks against the promotion, and what should be known before it.
func (p *promotion) check(ctx context.Context) (text, data string, err error) {
	warnings, names, wrong := p.checkRoutes(ctx)
	unworked, err := p.unworked(ctx)
	warnings, wrong = append(warnings, unworked...), errors.Join(wrong, err)
	data, err = keep(course.Beginning{Routes: names})
	return strings.Join(warnings, "; "), data, errors.Join(p.checkInstances(ctx), wrong, err)
}

// checkInstances says all that speaks against the promotion of the instances and the hooks.
func (p *promotion) checkInstances(ctx context.Context) error {
	var wrong error
	if p.Layouts.Hook == nil {
		wrong = errNoHook
	}
	if p.Route == nil {
		wrong = errors.Join(wrong, errors.New("neither routing_hook nor routing_file in the configuration is set: nobody could be sent to the new master"))
	}
	for _, server := range []inventory.ServerID{p.old().Server, p.fresh().Server} {
		if !slices.ContainsFunc(p.living(), func(in inventory.Instance) bool { return in.Server == server }) {
			return errors.Join(wrong, fmt.Errorf("store %s has no instance on %s, or that server is down", p.store.Name, server))
		}
	}
	if master := p.store.Instances[0].Server; master != p.old().Server {
		return errors.Join(wrong, fmt.Errorf("the master of %s is on %s, not on %s", p.store.Name, master, p.old().Server))
	}
	wrong = errors.Join(wrong, p.leads(ctx, p.living()))
	hosts, err := p.openAll(ctx, append([]inventory.Instance{p.fresh()}, p.others()...))
	if err != nil {
		return errors.Join(wrong, err)
	}
	fresh, old := hosts[0], hosts[slices.IndexFunc(hosts, func(h *host.Host) bool { return h.Server == p.old().Server })]
	if fresh.Settings["sync_log"] == "no" {
		wrong = errors.Join(wrong, fmt.Errorf("%s on %s has sync_log: no", fresh.Conf, fresh.Server))
	}
	for _, h := range hosts[1:] {
		wrong = errors.Join(wrong, unlikeSettings(fresh, h), p.admits(h))
	}
	for _, in := range p.replicas() {
		_, err := old.ChannelTo(ctx, in)
		wrong = errors.Join(wrong, err)
	}
	return errors.Join(wrong, p.checkVersions(ctx), checkDenials(ctx, old, fresh))
}

// checkVersions looks whether all others can be replicas of the new master.
func (p *promotion) checkVersions(ctx context.Context) error {
	master, wrong := p.greet(ctx, p.fresh())
	for _, in := range p.others() {
		g, err := p.greet(ctx, in)
		if err != nil || master == nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		wrong = errors.Join(wrong, older(master, g))
	}
	return wrong
}

// checkDenials looks whether the replica keeps somebody out whom the master lets in.
func checkDenials(ctx context.Context, old, fresh *host.Host) error {
	here, err := old.Denied(ctx)
	there, unread := fresh.Denied(ctx)
	if wrong := errors.Join(err, unread); wrong != nil {
		return wrong
	}
	var wrong error
	for _, u := range slices.Sorted(maps.Keys(there)) {
		if !here[u] {
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s and not on the master: %s", inventory.Printable(string(u)), fresh.Server,
				host.AllowCommand(fresh.Tools, fresh.Conf, u)))
		}
	}
	return wrong
}

// unworked says where sync logs lie on the two instances that no client works off.
func (p *promotion) unworked(ctx context.Context) ([]string, error) {
	var texts []string
	for _, in := range []inventory.Instance{p.old(), p.fresh()} {
		h, err := p.open(ctx, in)
		if err != nil {
			continue // that is said elsewhere
		}
		files, err := h.Unworked(ctx)
		if err != nil {
			return texts, err
		}
		for _, file := range files {
			texts = append(texts, fmt.Sprintf("nobody works off the sync log %s on %s, whose channel %s does not name; if no replica needs what it says: %s", file, h.Server, h.Conf, inventory.Paste("rm", "--", file)))
		}
	}
	return texts, nil
}
