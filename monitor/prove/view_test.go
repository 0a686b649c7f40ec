package prove_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor/prove"
)

// What a user saw has to be there afterwards; what came or was read since is no loss.
func TestLost(t *testing.T) {
	was := prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {UIDValidity: 7, UIDNext: 10, ModSeq: 20, Messages: 5, Unseen: 2}}, Subscriptions: []string{"INBOX"}}
	for _, test := range []struct {
		name string
		now  prove.View
		want string
	}{
		{"all", was, ""},
		{"more", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {7, 12, 25, 6, 3}, "New": {}}, Subscriptions: []string{"INBOX", "New"}}, ""},
		{"read meanwhile", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {7, 10, 20, 5, 1}}, Subscriptions: []string{"INBOX"}}, ""},
		{"nothing", prove.View{}, "mailbox INBOX"},
		{"made anew", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {8, 10, 20, 5, 2}}}, "the messages of INBOX"},
		{"older", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {7, 9, 19, 4, 2}}}, "the messages of INBOX"},
		{"fewer", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {7, 10, 20, 4, 2}}}, "what was read of INBOX"},
		{"unread again", prove.View{Mailboxes: map[string]prove.Sight{"INBOX": {7, 10, 20, 5, 3}}}, "what was read of INBOX"},
		{"not subscribed", prove.View{Mailboxes: was.Mailboxes}, "the subscription to INBOX"},
	} {
		got := ""
		if lost := was.Lost(&test.now); len(lost) > 0 {
			got = lost[0].Text
		}
		if !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
