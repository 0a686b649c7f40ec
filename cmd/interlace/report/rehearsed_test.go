package report

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

func aRehearsal() *Rehearsed {
	unit := AppliedUnit{Plan: "p", Unit: "anna to s2", Wave: 2, Do: "move", Users: 1, From: "s1", To: "s2", Bytes: 3 << 20, State: "waiting"}
	rests := AppliedUnit{Plan: "p", Unit: "ben to s2", Do: "move", Users: 1, From: "s1", To: "s2", State: "moved", Step: "canary", Since: "2026-11-26T22:00:00Z", Kept: "2026-12-10T22:00:00Z"}
	out := AppliedUnit{Plan: "p", Unit: "c1 promote s3 on imap3", Do: "promote", From: "imap1", To: "imap3", State: "stopped", Step: "promote", Out: "2026-11-26T22:00:00Z", Why: "promote failed on 2026-11-26T22:00:05Z: it is full"}
	return &Rehearsed{
		Notes: []string{"nobody knows where users are routed"},
		Units: []RehearsedUnit{
			{AppliedUnit: unit, Waits: []string{"the window is closed"}, Refused: []string{"there is no room"}, Steps: []RehearsedStep{
				{Verb: "do", Step: "copy", Commands: []RehearsedCommand{
					{Server: "imap1", Command: "install -m 0600 -- /dev/null /conf/interlace-1.conf", Own: true, Note: "its own"},
					{Server: "imap1", Command: "/bin/sync_client -C /conf/interlace-1.conf -u -- anna", Note: "it reads a file"},
				}},
				{Verb: "do", Step: "deny_source", Commands: []RehearsedCommand{
					{Server: "imap1", Command: "/usr/lib/cyrus/bin/cyr_deny -C /etc/imapd.conf -m 'the mailbox is being moved' -- anna", Pastable: true},
				}},
				{Verb: "do", Step: "route", Commands: []RehearsedCommand{{Command: "/bin/route '{file}'", Here: true, Note: "routing_hook, on this machine"}}, Routes: []string{"anna,imap1,imap2"}},
				{Verb: "do", Step: "canary"},
			}},
			{AppliedUnit: rests},
			{AppliedUnit: out, Text: "it is taken back", Steps: []RehearsedStep{{Verb: "undo", Step: "stop", Commands: []RehearsedCommand{
				{Server: "imap1", Command: "/bin/instance start '{file}'", Here: true, Note: "instance_hook start s3 imap1 master, on this machine"},
			}}}},
		},
	}
}

// No line end breaks a command, and those that can't be pasted are comments to a shell.
func TestRehearsedScreen(t *testing.T) {
	const want = `3 units with 2 users, 3.00 MiB; nothing is changed
    without --yes
1 unit has something that speaks against it
1 unit would wait now
nobody knows where users are routed
commands are ready to paste on the server that stands
    behind them, as the account of Cyrus; those behind a
    # are not

wave 2: anna to s2, 1 user, 3.00 MiB: waiting
  refused: there is no room
  would wait now: the window is closed
  copy
    # /bin/sync_client -C /conf/interlace-1.conf -u -- anna (on imap1: it reads a file)
  deny_source
    /usr/lib/cyrus/bin/cyr_deny -C /etc/imapd.conf -m 'the mailbox is being moved' -- anna  # on imap1
  route
    # /bin/route '{file}' (routing_hook, on this machine)
    #   anna,imap1,imap2
  canary

ben to s2, 1 user, 0 B: moved
  the originals are kept until 2026-12-10 22:00 UTC

c1 promote s3 on imap3, 0 B: stopped
  users are kept out since 2026-11-26 22:00 UTC
  it is taken back
  promote failed on 2026-11-26T22:00:05Z: it is full
  undo stop
    # /bin/instance start '{file}' (instance_hook start s3 imap1 master, on this machine)

step         when it is done
copy         most is copied while they work
deny_source  whoever may write to it is kept out of the
             old store
route        mail and clients are sent to where the
             users are now
canary       a login and a delivery work there
`
	var got strings.Builder
	if err := aRehearsal().Screen().Text(&got, Style{Width: 56}); err != nil || got.String() != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, got.String(), want)
	}
}

// What is rehearsed and what came of it have the same columns where these mean the same.
func TestRehearsedColumns(t *testing.T) {
	var rehearsed, applied strings.Builder
	r := aRehearsal()
	a := &Applied{}
	for i := range r.Units {
		a.Units = append(a.Units, r.Units[i].AppliedUnit)
	}
	if err := r.Table().CSV(&rehearsed); err != nil {
		t.Fatal(err)
	}
	if err := a.Table().CSV(&applied); err != nil {
		t.Fatal(err)
	}
	const want = `plan,unit,wave,do,users,from,to,bytes,state,step,since,kept_until,verb,server,command,pastable,note,route,waits,refused
p,anna to s2,2,move,1,s1,s2,3145728,waiting,,,,,,,,,,,there is no room
p,anna to s2,2,move,1,s1,s2,3145728,waiting,,,,,,,,,,the window is closed,
`
	head, _, _ := strings.Cut(applied.String(), ",denied_expected_seconds")
	if !strings.HasPrefix(rehearsed.String(), want) || !strings.HasPrefix(want, head+",") {
		t.Errorf("%s\nwant\n%s and what came of it has %s", rehearsed.String(), want, head)
	}
	for _, line := range []string{
		"p,anna to s2,2,move,1,s1,s2,3145728,waiting,route,,,do,,/bin/route '{file}',false,\"routing_hook, on this machine\",,,\n",
		"p,anna to s2,2,move,1,s1,s2,3145728,waiting,route,,,do,,,,,\"anna,imap1,imap2\",,\n",
		"p,ben to s2,,move,1,s1,s2,0,moved,canary,2026-11-26T22:00:00Z,2026-12-10T22:00:00Z,,,,,,,,\n",
		",undo,imap1,/bin/instance start '{file}',false,",
	} {
		if !strings.Contains(rehearsed.String(), line) {
			t.Errorf("%s\nlacks %s", rehearsed.String(), line)
		}
	}
	var screen strings.Builder
	if err := a.Screen().Text(&screen, Style{Width: 100}); err != nil || !strings.Contains(screen.String(), "c1 promote s3 on imap3: users are kept out since 2026-11-26 22:00 UTC\n") {
		t.Errorf("%v: %s", err, screen.String())
	}
}

// TestRehearsedLoop has a shell run the loop that stands for commands which differ in their
// last word: it runs each of them, whatever the names are.
func TestRehearsedLoop(t *testing.T) {
	names := []string{"anna", "o'brien", "$(id)", "a;touch x", "-A"} // the last but one has a space
	var list []RehearsedCommand
	for _, name := range names {
		list = append(list, RehearsedCommand{Server: "imap1", Command: inventory.Paste("printf", "%s|", "the mailbox; is $moved", "--", name), Pastable: true})
	}
	step := RehearsedStep{Verb: "do", Step: "deny_source", Commands: append(list, RehearsedCommand{Server: "imap2", Command: inventory.Paste("printf", "%s|", "--", "anna"), Pastable: true})}
	var l script
	step.lines(&l)
	if len(l) != 3 {
		t.Errorf("shown are not the step and one command for each server: %+v", l)
	}
	var ran strings.Builder
	for _, line := range l[1:] {
		out, err := exec.Command("sh", "-c", line.Words).Output()
		if err != nil {
			t.Errorf("%s: %v", line.Words, err)
		}
		ran.Write(out)
	}
	want := ""
	for _, name := range names {
		want += "the mailbox; is $moved|--|" + name + "|"
	}
	if want += "--|anna|"; ran.String() != want {
		t.Errorf("ran %q, want %q; shown:\n%+v", ran.String(), want, l)
	}
}

// TestRehearsedBroken has nothing begun since a rule would be broken: no step is shown.
func TestRehearsedBroken(t *testing.T) {
	r := aRehearsal()
	r.Broken = []string{"disk of server imap1 is at 113 %"}
	var got strings.Builder
	if err := r.Screen().Text(&got, Style{Width: 100}); err != nil || strings.Contains(got.String(), "cyr_deny") || !strings.Contains(got.String(), "the steps are left out") {
		t.Errorf("%v: %s", err, got.String())
	}
}

// Who moves, and who is kept out since the store is promoted, may be the same: they are not added up.
func TestUsersOfUnits(t *testing.T) {
	move, promote, seed := RehearsedUnit{AppliedUnit: AppliedUnit{Do: "move", Users: 12}}, RehearsedUnit{AppliedUnit: AppliedUnit{Do: "promote", Users: 18}, Steps: []RehearsedStep{{Verb: "do", Step: "stop"}, {Verb: "do", Step: "prove_sends"}}}, RehearsedUnit{AppliedUnit: AppliedUnit{Do: "seed", Bytes: 1 << 20}}
	routed := promote
	routed.Steps = promote.Steps[1:] // they are on the new master already
	for want, units := range map[string][]RehearsedUnit{
		"1 unit, 0 B": {routed},
		"3 units, which move 12 users, and keep 18 out while their stores are promoted, 1.00 MiB": {move, promote, seed},
		"2 units, which keep 18 users out while their stores are promoted, 1.00 MiB":              {promote, seed},
		"1 unit with 12 users, 0 B": {move},
		"1 unit, 1.00 MiB":          {seed},
	} {
		if got := sumOf(units); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
