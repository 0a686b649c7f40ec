package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// apart lets the command refuse two flags that are given together, and say why.
func apart(c *cobra.Command, one, other, why string) {
	c.MarkFlagsMutuallyExclusive(one, other) // so that completion does not offer the other
	words := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		var err error
		if cmd.Flags().Changed(one) && cmd.Flags().Changed(other) {
			err = hint(fmt.Errorf("--%s and --%s cannot go together: %s", one, other, why), "leave one of them out")
		}
		return errors.Join(err, words(cmd, args))
	}
}
