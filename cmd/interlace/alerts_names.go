package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/history"
)

// alertNames are what alerts may be about, by the field that has it: kinds, severities
// and, where there is an inventory, servers and stores, those of some alerts too. An
// error says why the inventory cannot be read.
func (a *app) alertNames(ctx context.Context, alerts []monitor.Alert) (map[string][]string, error) {
	known := fixedNames()
	inv, _, err := a.storesKnown(ctx)
	if err == nil && inv != nil {
		known["server"], known["store"] = texts(serverNames(inv)), texts(storeNames(inv))
	}
	for i := range alerts {
		for field, of := range map[string]string{"server": string(alerts[i].Server), "store": string(alerts[i].Store), "kind": string(alerts[i].Kind)} {
			if known[field] != nil && of != "" {
				known[field] = append(known[field], of)
			}
		}
	}
	return known, err
}

// fixedNames are the kinds and severities that there are.
func fixedNames() map[string][]string {
	return map[string][]string{
		"kind":     texts(monitor.Kinds()),
		"severity": texts([]monitor.Severity{monitor.Info, monitor.Warning, monitor.Critical}),
	}
}

// check refuses names that nobody knows: what is asked for with them is nothing, which
// must not pass for all being well.
func (s *alertsFlags) check(ctx context.Context, a *app, h *history.History) error {
	if !s.part() {
		return nil
	}
	alerts, err := h.Alerts(ctx, time.Time{})
	if err != nil {
		return err
	}
	known, err := a.alertNames(ctx, alerts)
	if err != nil {
		a.note("warning: whether there are such servers and stores is not known: %s", inShort(err))
	}
	var wrong []error
	for _, f := range []struct{ field, value string }{{"server", s.server}, {"store", s.store}, {"kind", s.kind}} {
		names := known[f.field]
		if f.value == "" || names == nil || slices.Contains(names, f.value) {
			continue
		}
		err := fmt.Errorf("--%s %s: there is no such %[1]s", f.field, inventory.Quoted(f.value))
		wrong = append(wrong, hint(err, "%s", meant(f.field, f.value, names)))
	}
	return errors.Join(wrong...)
}

// meant hints at the name that was meant, else at where all are.
func meant(field, name string, names []string) string {
	if near := inventory.Nearest(name, names); near != "" {
		return "did you mean " + inventory.Printable(near) + "?"
	}
	if fixed := fixedNames()[field]; fixed != nil {
		return field + " is one of " + strings.Join(fixed, ", ")
	}
	return "interlace show " + field + "s lists them"
}
