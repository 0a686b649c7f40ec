package apply_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/apply"
)

// Whoever may change what moves is kept out meanwhile, or the move is refused.
func TestWriters(t *testing.T) {
	owners := map[cyrus.Owner]bool{{Name: "anna"}: true, {Name: "team", Shared: true}: true}
	members := map[string][]inventory.UserID{"staff": {"anna", "ben"}}
	for _, test := range []struct {
		mailbox, acl string
		users        []inventory.UserID
		crowd        string
	}{
		{"user.anna", "anna lrswipkxtecdan", nil, ""},
		{"user.anna", "carl lrs", nil, ""},
		{"user.anna", "carl lrswi", []inventory.UserID{"carl"}, ""},
		{"user.anna", "carl p", []inventory.UserID{"carl"}, ""},
		{"user.anna", "-carl lrswi", nil, ""},
		{"user.anna", "admin lrswipkxtecda", nil, ""},
		{"user.anna", "anyone p", nil, ""},
		{"user.anna", "anyone lrsp", nil, ""},
		{"user.anna", "anyone lri", nil, "anyone may write to user.anna (lri)"},
		{"user.anna", "anonymous a", nil, "anonymous may write to user.anna (a)"},
		{"user.anna", "group:staff lrsi", []inventory.UserID{"ben"}, ""},
		{"user.anna", "group:others lrsi", nil, "group:others may write to user.anna (lrsi)"},
		{"user.anna", "group:others lrs", nil, ""},
		{"team", "anyone lrs", nil, ""},
		{"team", "anyone lrsp", nil, "anyone may write to team (lrsp)"},
		{"team", "team lrswi", []inventory.UserID{"team"}, ""}, // a user of that name
		{"team.a", "carl t ben e", []inventory.UserID{"ben", "carl"}, ""},
	} {
		var acl []cyrus.Right
		for words := strings.Fields(test.acl); len(words) > 0; words = words[2:] {
			acl = append(acl, cyrus.Right{Identifier: words[0], Rights: words[1]})
		}
		users, crowds := apply.Writers(map[cyrus.InternalName]cyrus.Mailbox{cyrus.InternalName(test.mailbox): {ACL: acl}}, owners, []string{"admin"}, members)
		crowd := strings.Join(crowds, "; ")
		if !reflect.DeepEqual(users, test.users) || test.crowd == "" && crowd != "" || !strings.HasPrefix(crowd, test.crowd) {
			t.Errorf("%s with %s: %v, %q", test.mailbox, test.acl, users, crowd)
		}
	}
}

// What a user saw has to be there afterwards; what came or was read since is no loss.
func TestLost(t *testing.T) {
	was := apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {UIDValidity: 7, UIDNext: 10, ModSeq: 20, Messages: 5, Unseen: 2}}, Subscriptions: []string{"INBOX"}}
	for _, test := range []struct {
		name string
		now  apply.View
		want string
	}{
		{"all", was, ""},
		{"more", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {7, 12, 25, 6, 3}, "New": {}}, Subscriptions: []string{"INBOX", "New"}}, ""},
		{"read meanwhile", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {7, 10, 20, 5, 1}}, Subscriptions: []string{"INBOX"}}, ""},
		{"nothing", apply.View{}, "mailbox INBOX"},
		{"made anew", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {8, 10, 20, 5, 2}}}, "the messages of INBOX"},
		{"older", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {7, 9, 19, 4, 2}}}, "the messages of INBOX"},
		{"fewer", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {7, 10, 20, 4, 2}}}, "what was read of INBOX"},
		{"unread again", apply.View{Mailboxes: map[string]apply.Sight{"INBOX": {7, 10, 20, 5, 3}}}, "what was read of INBOX"},
		{"not subscribed", apply.View{Mailboxes: was.Mailboxes}, "the subscription to INBOX"},
	} {
		if got := was.Lost(&test.now); !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Only to some users mail can be addressed as Cyrus takes it.
func TestAddressable(t *testing.T) {
	for user, want := range map[inventory.UserID]bool{
		"anna": true, "o'brien": true, "jane.doe@example.org": true, "a b": false, "$(id)": false, "a+b": false, "": false, "ä": false,
	} {
		if got := apply.Addressable(user); got != want {
			t.Errorf("%q: %v", user, got)
		}
	}
}

// What runs under a lock is shown as it could be run by hand, once for each user.
func TestInside(t *testing.T) {
	got := apply.Inside(strings.Fields(`flock -E 75 -w 600 /conf/x.lock timeout -k 10 60 xargs -r -d \n -n 1 -- /bin/cyr_deny -C /conf -a --`), "anna\na b\n")
	want := [][]string{{"/bin/cyr_deny", "-C", "/conf", "-a", "--", "anna"}, {"/bin/cyr_deny", "-C", "/conf", "-a", "--", "a b"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	got = apply.Inside(strings.Fields("flock -E 75 -w 600 /conf/x.lock timeout -k 10 60 /bin/sync_client -u -- anna"), "")
	if want := [][]string{{"/bin/sync_client", "-u", "--", "anna"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}
