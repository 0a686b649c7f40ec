package inventory

import (
	"reflect"
	"testing"
)

func TestTakePeople(t *testing.T) {
	earlier := New()
	earlier.Stores = []Store{{Name: "s1"}, {Name: "s2"}}
	earlier.Users = []User{
		{Name: "anna", Store: "s1", Load: Load{5, 7}, Estimated: 2, Moved: "2026-03-01"},
		{Name: "team", Store: "s2", Kind: Shared, Load: Load{6, 8}},
	}
	earlier.Shares = []Share{{Owner: "team", Grantee: "anna", Rights: "lrs"}}
	earlier.Groups = []Membership{{Group: "g", Member: "anna"}}

	now := New()
	now.Resources = []Resource{{Name: "cpu"}, now.Resources[1], now.Resources[0]}
	now.Stores = []Store{{Name: "s1"}, {Name: "s2"}, {Name: "s3"}}
	if err := now.TakePeople(earlier); err != nil {
		t.Fatal(err)
	}
	want := []User{
		{Name: "anna", Store: "s1", Load: Load{0, 7, 5}, Estimated: 1 | 2, Moved: "2026-03-01"},
		{Name: "team", Store: "s2", Kind: Shared, Load: Load{0, 8, 6}, Estimated: 1},
	}
	if !reflect.DeepEqual(now.Users, want) || !reflect.DeepEqual(now.Shares, earlier.Shares) || !reflect.DeepEqual(now.Groups, earlier.Groups) {
		t.Errorf("%+v, %+v, %+v", now.Users, now.Shares, now.Groups)
	}

	less := New()
	less.Stores = now.Stores[:1]
	if err := less.TakePeople(earlier); err == nil || err.Error() != "store s2 is no more, and has 1 user" || less.Users != nil {
		t.Errorf("%v, %+v", err, less.Users)
	}
}
