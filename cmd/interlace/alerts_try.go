package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
)

// alertsTestCommand is in no file of its name, since Go takes that for a test.
func (a *app) alertsTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Send a test message wherever alerts are told",
		Long: `Send a test message by every way that the configuration names (mail to each
address, the webhook, or the Alertmanager) and say whether it was taken there.
That a relay takes a mail does not mean that somebody gets it: look.

The exit status is 1 if a message was not taken.`,
		Example: "  interlace alerts test",
		Args:    noWords,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd, func(ctx context.Context) error { return a.config.secrets(ctx) })
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.tryRoutes(cmd.Context())
		},
	}
}

func (a *app) tryRoutes(ctx context.Context) error {
	d, err := a.desk(ctx, nil, inventory.ServerID(a.config.Monitor.Server))
	if err != nil {
		return err
	}
	if len(d.Routes) == 0 && d.Alertmanager == nil {
		return hint(errors.New("there is nothing to test"), "the configuration says who is told: mail: {smtp: HOST:PORT, from: NAME@DOMAIN, to: [NAME@DOMAIN]}")
	}
	routes := slices.Sorted(maps.Keys(d.Routes))
	if d.Alertmanager != nil {
		routes = []string{"alertmanager"}
	}
	a.note("sending to %s, which may take a minute", strings.Join(routes, ", "))
	var trials []report.Trial
	for _, t := range d.Try(ctx, a.now()) {
		trials = append(trials, report.Trial(t))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.print(tableOnly("routes", report.Trials(trials))); err != nil {
		return err
	}
	if slices.ContainsFunc(trials, func(t report.Trial) bool { return t.Err != nil }) {
		return errFound
	}
	return nil
}
