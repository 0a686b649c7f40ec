package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/simulate"
)

// recoveryFlags say how fast people and machines answer a failure.
type recoveryFlags struct {
	detect, decide, promote  optional[time.Duration]
	messageRate, mailboxRate optional[int]
}

func newRecoveryFlags() recoveryFlags {
	r := simulate.DefaultRecovery()
	span := func(seconds float64) optional[time.Duration] {
		return durationFlag().or(time.Duration(seconds) * time.Second)
	}
	return recoveryFlags{
		detect: span(r.DetectSeconds), decide: span(r.DecideSeconds), promote: span(r.PromoteSeconds),
		messageRate: countFlag(1, mostThings).or(int(r.MessageRate)), mailboxRate: countFlag(1, mostThings).or(int(r.MailboxRate)),
	}
}

func (r *recoveryFlags) addTo(f *pflag.FlagSet) {
	f.Var(&r.detect, "detect", "`time` from a failure until it is seen")
	f.Var(&r.decide, "decide", "`time` until somebody has decided to promote")
	f.Var(&r.promote, "promote", "`time` until promoted stores serve")
	f.Var(&r.messageRate, "message-rate", "`number` of messages that one transfer copies in a second")
	f.Var(&r.mailboxRate, "mailbox-rate", "`number` of mailboxes that one transfer copies in a second")
}

func (r *recoveryFlags) given() planner.Recovery {
	return planner.Recovery{
		DetectSeconds: r.detect.value.Seconds(), DecideSeconds: r.decide.value.Seconds(), PromoteSeconds: r.promote.value.Seconds(),
		MessageRate: float64(*r.messageRate.value), MailboxRate: float64(*r.mailboxRate.value),
	}
}
