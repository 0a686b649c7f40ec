package prove_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/prove"
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
		users, crowds := prove.Writers(map[cyrus.InternalName]cyrus.Mailbox{cyrus.InternalName(test.mailbox): {ACL: acl}}, owners, []string{"admin"}, members)
		crowd := strings.Join(crowds, "; ")
		if !reflect.DeepEqual(users, test.users) || test.crowd == "" && crowd != "" || !strings.HasPrefix(crowd, test.crowd) {
			t.Errorf("%s with %s: %v, %q", test.mailbox, test.acl, users, crowd)
		}
	}
}
