package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

func (a *app) acknowledgeCommand() *cobra.Command {
	var comment, by string
	c := &cobra.Command{
		Use:   "acknowledge NUMBER…",
		Short: "Take care of alerts: they are told no more until they end",
		Long: `Say that you take care of the alerts of these numbers. Nobody is reminded of them
any more; that they are over is told. When the same is found again later, that is
another alert.

That somebody wrote to a replica is seen by its sync log, which stays: an alert
about that ends when it is acknowledged, and is told again only if the log changes.`,
		Example: `  interlace alerts acknowledge 2
  interlace alerts acknowledge 2 4 --comment 'waiting for the disk'`,
		Args: func(cmd *cobra.Command, args []string) error {
			_, err := alertNumbers(args)
			return errors.Join(someWords(cmd, args), err)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := alertNumbers(args)
			if err != nil {
				return err
			}
			return a.acknowledge(cmd.Context(), numbers, monitor.Acknowledgement{By: cmp.Or(by, account()), Comment: comment})
		},
	}
	c.Flags().StringVar(&comment, "comment", "", "`what` is done about it")
	c.Flags().StringVar(&by, "by", "", "`who` takes care (default the account, before sudo)")
	return c
}

// alertNumbers reads the numbers of alerts, each once.
func alertNumbers(words []string) ([]int64, error) {
	var numbers []int64
	var wrong []error
	for _, word := range words {
		n, err := strconv.ParseInt(word, 10, 64)
		switch {
		case word == "":
		case err != nil || n < 1:
			wrong = append(wrong, hint(fmt.Errorf("%s is not the number of an alert", inventory.Quoted(word)), "interlace alerts lists them"))
		case !slices.Contains(numbers, n):
			numbers = append(numbers, n)
		}
	}
	return numbers, errors.Join(wrong...)
}

func (a *app) acknowledge(ctx context.Context, numbers []int64, taken monitor.Acknowledgement) error {
	if taken.By == "" {
		return hint(errors.New("the account has no name"), "--by NAME says who takes care")
	}
	h, err := a.openHistory(ctx, toChange)
	if err != nil {
		return err
	}
	defer h.Close()
	taken.At = a.now().UTC().Truncate(time.Microsecond)
	alerts, err := openAlerts(ctx, h, taken.At)
	if err != nil {
		return err
	}
	chosen, err := numbered(alerts, numbers)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := h.Acknowledge(ctx, n, taken); err != nil {
			return err
		}
	}
	table := report.Acknowledged(chosen, taken)
	return a.print(tableOnly("acknowledged", table))
}

// numbered returns the alerts of some numbers, and names all that there are not.
func numbered(alerts []monitor.Alert, numbers []int64) ([]monitor.Alert, error) {
	var list []monitor.Alert
	var wrong []error
	for _, n := range numbers {
		at := slices.IndexFunc(alerts, func(al monitor.Alert) bool { return al.Number == n })
		if at < 0 {
			wrong = append(wrong, hint(fmt.Errorf("there is no alert %d, or it is over", n), "interlace alerts lists them; none was acknowledged"))
			continue
		}
		list = append(list, alerts[at])
	}
	return list, errors.Join(wrong...)
}
