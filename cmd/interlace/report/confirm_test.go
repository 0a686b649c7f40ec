package report

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// What is doubted alike is told once: of users, and of promises about nobody in particular.
func TestConfirmedTogether(t *testing.T) {
	user := func(name inventory.Text) monitor.Doubt {
		return monitor.Doubt{Verdict: monitor.Unmet, Unit: "all", User: name, Store: "s2", Expected: "moved", Found: "not moved", Next: "interlace apply"}
	}
	unlooked := func(expected string) monitor.Doubt {
		return monitor.Doubt{Verdict: monitor.UnknownFulfilment, Expected: expected, Found: "5 users were not looked at", Next: "see changes"}
	}
	open := monitor.Doubt{Verdict: monitor.Unmet, User: "fred", Expected: "denied", Found: "not denied", Next: "run on imap1", Command: "/usr/lib/cyrus/bin/cyr_deny -C /etc/a-long-name-of-an-instance/imapd.conf -m 'the mailbox is being moved' -- fred"}
	promise := func(name monitor.PromiseName, doubts ...monitor.Doubt) monitor.Promise {
		return monitor.Promise{Name: name, Verdict: doubts[0].Verdict, Expected: "e", Found: "f", Doubts: doubts}
	}
	all := NewConfirmations([]monitor.Confirmation{{Plan: "p", At: time.Date(2026, 11, 27, 20, 58, 0, 0, time.FixedZone("CET", 3600)), Occasion: monitor.OnRequest, Verdict: monitor.Unmet, Promises: []monitor.Promise{
		promise(monitor.PromiseChanges, user("anna"), user("ben"), user("carl"), user("dora"), user("emil")),
		promise(monitor.PromisePlacement, unlooked("on the new store")), promise(monitor.PromiseRouting, unlooked("sent there"), open),
	}}})
	var b strings.Builder
	if err := Confirmed(all).Text(&b, Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	const want = `plan p: 1 promise is not met · of 2 it is not known · 2026-11-27 19:58 UTC, on request

promise     verdict   promised   found
changes     unmet     e          f
placement   unknown   e          f
routing     unknown   e          f

not met               user                         store
changes     unmet     anna, ben, carl and 2 more   s2
    expected: moved; found: not moved
    next: interlace apply
placement   unknown
    routing likewise; found: 5 users were not looked at
    next: see changes
routing     unmet     fred
    expected: denied; found: not denied
    next: run on imap1
    /usr/lib/cyrus/bin/cyr_deny -C /etc/a-long-name-of-an-instance/imapd.conf -m 'the mailbox is being moved' -- fred
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
	if len(all.Doubts) != 8 {
		t.Errorf("%d doubts in JSON", len(all.Doubts))
	}
}
