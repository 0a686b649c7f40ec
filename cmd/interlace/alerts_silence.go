package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
	"github.com/interlacemail/interlace/monitor/history"
)

// silenceFlags describe a silence, or name one that is to end.
type silenceFlags struct {
	span        optional[time.Duration]
	from        optional[time.Time]
	end         optional[int]
	comment, by string
}

func (a *app) silenceCommand() *cobra.Command {
	s := silenceFlags{span: spanFlag(), from: beginFlag(), end: countFlag(1, math.MaxInt32)}
	c := &cobra.Command{
		Use:   "silence [FIELD=VALUE…]",
		Short: "Keep alerts quiet for a while, or list what is kept quiet",
		Long: `Keep quiet the alerts that match for a while: they are kept and shown, and told
to nobody. FIELD is one of kind, severity, server, store, channel, subject; all
that are named must match; * in VALUE stands for any text, and FIELD!=VALUE
matches all other values. That a replica is not reached matches the server of the
replica as well as that of its master.

A silence has an author, says why, and ends by itself. To silence everything, say
so: server='*'. Servers and stores that the inventory does not know are taken, with a
warning.
Without arguments the command lists the silences that are in force or to come.`,
		Example: `  interlace alerts silence --for 2h --comment 'new disks' server=imap3
  interlace alerts silence --from 2026-12-01 --for 1d --comment move server='imap4*'
  interlace alerts silence --end 1
  interlace alerts silence`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := alert.ParseMatchers(args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.silence(cmd, args, &s)
		},
	}
	f := c.Flags()
	f.Var(&s.span, "for", "how much `time` it lasts, such as 2h")
	f.Var(&s.from, "from", "begin at this `time` (default now)")
	f.StringVar(&s.comment, "comment", "", "`why`")
	f.StringVar(&s.by, "by", "", "`who` says so (default the account, before sudo)")
	f.Var(&s.end, "end", "end the silence of this `number` now")
	return c
}

// beginFlag is a flag for when something begins.
func beginFlag() optional[time.Time] {
	format := func(t time.Time) string { return t.Format(time.RFC3339) }
	return optional[time.Time]{kind: "date", format: format, parse: func(s string) (time.Time, error) {
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, s); err == nil {
				return t, nil
			}
		}
		return time.Time{}, fmt.Errorf("%s is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z", inventory.Quoted(s))
	}}
}

func (a *app) silence(cmd *cobra.Command, words []string, s *silenceFlags) error {
	ctx, now := cmd.Context(), a.now()
	begins := len(words) > 0
	for _, name := range []string{"for", "from", "comment", "by"} {
		begins = begins || cmd.Flags().Changed(name)
	}
	if begins && s.end.value != nil {
		return hint(errors.New("--end ends a silence, and the other words begin one"), "say one after the other")
	}
	var silence *monitor.Silence
	if begins {
		var err error
		if silence, err = s.silence(words, now); err != nil {
			return hint(err, "interlace alerts silence --for 2h --comment WHY server=NAME")
		}
	}
	how := toRead
	if begins || s.end.value != nil {
		how = toChange
	}
	h, err := a.openHistory(ctx, how)
	if err != nil {
		return err
	}
	defer h.Close()
	switch {
	case begins:
		return a.beginSilence(ctx, h, silence, now)
	case s.end.value != nil:
		return a.endSilence(ctx, h, int64(*s.end.value), now)
	}
	list, err := h.Silences(ctx, now)
	if err != nil {
		return err
	}
	table := report.Silences(list, now)
	return a.print(result{screen: report.SilenceList(list, now), table: table, json: object(silencesAnswer{silenceAnswers(list)})})
}

// silencesAnswer is the list of silences as JSON.
type silencesAnswer struct {
	Silences []silenceAnswer `json:"silences"`
}

// silence returns the silence that the flags and words describe, with all that it
// lacks at once.
func (s *silenceFlags) silence(words []string, now time.Time) (*monitor.Silence, error) {
	matchers, err := alert.ParseMatchers(words)
	err = errors.Join(err, noSuchKinds(matchers))
	from := s.from.given(now).UTC().Truncate(time.Microsecond)
	made := &monitor.Silence{
		Matchers: matchers, Author: cmp.Or(s.by, account()), Comment: s.comment, From: from, Until: from.Add(s.span.given(0)),
	}
	if s.span.value == nil {
		return nil, errors.Join(err, errors.New("a silence must end: --for says after which time"), lacking(made, now))
	}
	return made, errors.Join(err, alert.CheckSilence(made, now))
}

// noSuchKinds refuses kinds and severities that there are not: other than servers and
// stores none can be to come.
func noSuchKinds(matchers []monitor.Matcher) error {
	known := fixedNames()
	var wrong []error
	for _, m := range matchers {
		names := known[m.Field]
		if names != nil && !slices.ContainsFunc(names, func(name string) bool { return alert.Like(name, m.Value) }) {
			wrong = append(wrong, hint(fmt.Errorf("there is no %s %s", m.Field, inventory.Quoted(m.Value)), "%s", meant(m.Field, m.Value, names)))
		}
	}
	return errors.Join(wrong...)
}

// lacking lists what a silence lacks beside an end.
func lacking(s *monitor.Silence, now time.Time) error {
	ending := *s
	ending.From, ending.Until = now, now.Add(time.Hour)
	return alert.CheckSilence(&ending, now)
}

// account is who runs the program: before sudo, if that was used.
func account() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// silencedAnswer is a new silence as JSON, with the alerts that it keeps quiet.
type silencedAnswer struct {
	Silence silenceAnswer `json:"silence"`
	Alerts  []int64       `json:"alerts"`
}

func (a *app) beginSilence(ctx context.Context, h *history.History, s *monitor.Silence, now time.Time) error {
	alerts, err := openAlerts(ctx, h, now)
	if err != nil {
		return err
	}
	opts, err := a.optionsFor(ctx, alerts)
	if err != nil {
		return err
	}
	if err := h.AddSilence(ctx, s); err != nil {
		return err
	}
	a.warnOfNames(ctx, s, alerts)
	quiet := alert.Silenced(s, alerts, opts)
	answer := silencedAnswer{Silence: answerOf(s)}
	for i := range quiet {
		answer.Alerts = append(answer.Alerts, quiet[i].Number)
	}
	return a.print(result{screen: report.Silenced(s, quiet), table: report.Silences([]monitor.Silence{*s}, now), json: object(answer)})
}

// warnOfNames warns of values in a silence that match nothing that is known: it
// silences nothing then, or with != more than is meant.
func (a *app) warnOfNames(ctx context.Context, s *monitor.Silence, alerts []monitor.Alert) {
	known, err := a.alertNames(ctx, alerts)
	if err != nil {
		a.note("warning: whether there are such servers and stores is not known: %s", inShort(err))
	}
	for _, m := range s.Matchers {
		if m.Field != "subject" && strings.ContainsAny(m.Value, "[]?") {
			a.note("warning: %s stands for itself: only * stands for other text", inventory.Printable(m.Field+"="+m.Value))
		}
		names := known[m.Field]
		if names == nil || slices.ContainsFunc(names, func(name string) bool { return alert.Like(name, m.Value) }) {
			continue
		}
		a.note("warning: there is no %s %s; %s", m.Field, inventory.Printable(m.Value), meant(m.Field, m.Value, names))
	}
}

// openAlerts returns the alerts that are not over.
func openAlerts(ctx context.Context, h *history.History, now time.Time) ([]monitor.Alert, error) {
	alerts, err := h.Alerts(ctx, now)
	return slices.DeleteFunc(alerts, func(al monitor.Alert) bool { return al.Stage == monitor.Resolved }), err
}

func (a *app) endSilence(ctx context.Context, h *history.History, number int64, now time.Time) error {
	list, err := h.Silences(ctx, now)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(s monitor.Silence) bool { return s.Number == number })
	if at < 0 {
		return hint(fmt.Errorf("there is no silence %d, or it has ended", number), "interlace alerts silence lists them")
	}
	if err := h.EndSilence(ctx, number, now); err != nil {
		return err
	}
	return a.wrote("ended", report.Facts{
		{Label: "ended", Words: "silence " + inventory.CountText(number)}, {Label: "said", Words: list[at].Author + ": " + list[at].Comment},
	})
}
