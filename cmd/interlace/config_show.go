package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/interlacemail/interlace/cmd/interlace/report"
)

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "config",
		Short:   "Look at the configuration",
		Long:    configManual(),
		Example: "  interlace config show",
		Args:    a.knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:     "show",
		Short:   "Print each setting and where its value comes from",
		Example: "  interlace config show",
		Args:    noWords,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd, a.shownFiles)
		},
		RunE: func(*cobra.Command, []string) error {
			return a.print(tableOnly("settings", report.Settings(a.config.settings())))
		},
	})
	return c
}

// shownFiles says what is wrong with the files that the configuration names for the
// monitor. That this account may not read some is a warning, since another may have to; so
// is all that apply alone needs, which may run on another machine.
func (a *app) shownFiles(ctx context.Context) error {
	recovers := a.config.Monitor.Recover == "allow"
	return errors.Join(
		doubtingRights(a.watchFiles(ctx, recovers)), doubtingRights(a.named(ctx, a.config.Monitor.Server)),
		doubting(a.config.wrongApply(ctx, !recovers), "apply needs it"),
	)
}

// doubting doubts all that is wrong, since only somebody else may need it.
func doubting(err error, who string) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, one := range several.Unwrap() {
			list = append(list, doubting(one, who))
		}
		return errors.Join(list...)
	}
	if err == nil {
		return nil
	}
	if wrong := (*wrongKey)(nil); errors.As(err, &wrong) {
		return &wrongKey{wrong.place, wrong.path, doubting(wrong.err, who)}
	}
	return &doubt{fmt.Errorf("%w; %s", err, who)}
}

// doubtingRights doubts what is wrong only because this account may not read something.
func doubtingRights(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, one := range several.Unwrap() {
			list = append(list, doubtingRights(one))
		}
		return errors.Join(list...)
	}
	wrong := (*wrongKey)(nil)
	switch {
	case !errors.Is(err, fs.ErrPermission):
		return err
	case errors.As(err, &wrong):
		return &wrongKey{wrong.place, wrong.path, &doubt{wrong.err}}
	}
	return &doubt{err}
}

// settings lists every key with its value, secrets hidden, and its origin.
func (c *config) settings() []report.Setting {
	var list []report.Setting
	for i := range c.keys {
		k := &c.keys[i]
		list = append(list, report.Setting{Key: k.path, Value: withoutSecret(k.value.String()), Origin: k.origin})
	}
	return list
}

// withoutSecret hides the password in an address.
func withoutSecret(value string) string {
	if !strings.Contains(value, "://") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		return "***"
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "***")
	}
	query := u.Query()
	if query.Has("password") {
		query.Set("password", "***")
		u.RawQuery = query.Encode()
	}
	return strings.ReplaceAll(u.String(), "%2A%2A%2A", "***")
}
