//go:build cgo

package database

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/interlacemail/interlace/inventory"
)

// TestWhatIsSavedIsLoaded saves a sequence of inventories, often alike, and
// after each looks at all of them: the last ones whole, the older ones without
// users, but with their sums.
func TestWhatIsSavedIsLoaded(t *testing.T) {
	ctx := context.Background()
	directory := t.TempDir()
	files := 0
	rapid.Check(t, func(rt *rapid.T) {
		files++
		whole := rapid.IntRange(1, 3).Draw(rt, "whole")
		db, err := Open(ctx, filepath.Join(directory, strconv.Itoa(files)), Options{Whole: whole})
		if err != nil {
			rt.Fatal(err)
		}
		defer db.Close()
		var all []*inventory.Inventory
		for range rapid.IntRange(1, 6).Draw(rt, "inventories") {
			inv := anInventory().Draw(rt, "inventory")
			if len(all) > 0 && rapid.Bool().Draw(rt, "mix") {
				inv = mix(rt, all[len(all)-1], inv)
			}
			saved, err := db.Save(ctx, inv, sometime(len(all)), "note 'n'")
			if err != nil {
				rt.Fatal(err)
			}
			former := &inventory.Inventory{}
			if len(all) > 0 {
				former = all[len(all)-1]
			}
			if want := inventory.Compare(former, inv); !reflect.DeepEqual(saved.Changes, want) {
				rt.Fatalf("got changes %+v, want %+v", saved.Changes, want)
			}
			all = append(all, inv)
			for i := range all {
				checkLoaded(rt, db, all, i, i >= len(all)-whole)
			}
		}
		list, err := db.List(ctx)
		if err != nil || len(list) != len(all) {
			rt.Fatalf("got %d inventories in the list, error %v, want %d", len(list), err, len(all))
		}
		checkForgotten(rt, db, len(all)-whole+1)
	})
}

// mix returns an inventory that has parts of both.
func mix(t *rapid.T, a, b *inventory.Inventory) *inventory.Inventory {
	c := *b
	if rapid.Bool().Draw(t, "same servers") {
		c.Servers = a.Servers
	}
	if rapid.Bool().Draw(t, "same stores") {
		c.Stores = a.Stores
	}
	if rapid.Bool().Draw(t, "same shares") {
		c.Shares = a.Shares
	}
	c.Users = nil
	for x, y := range inventory.Merge(a.Users, b.Users, users.compare) {
		if y == nil || x != nil && rapid.Bool().Draw(t, "the former user") {
			y = x
		}
		c.Users = append(c.Users, *y)
	}
	return &c
}

func checkLoaded(t *rapid.T, db *DB, all []*inventory.Inventory, i int, whole bool) {
	s, err := db.Load(context.Background(), sometime(i))
	if err != nil {
		t.Fatal(err)
	}
	inv := *all[i]
	want := Dated{
		Number: i + 1, At: sometime(i), Note: "note 'n'", Whole: whole,
		Servers: len(inv.Servers), Stores: len(inv.Stores), Users: len(inv.Users),
	}
	if s.Dated != want {
		t.Fatalf("got %+v, want %+v", s.Dated, want)
	}
	if !reflect.DeepEqual(s.Sums, sum(inv.Users)) {
		t.Fatalf("inventory %d of %d: got sums %v, want %v", i, len(all), s.Sums, sum(inv.Users))
	}
	if !whole {
		inv.Users, inv.Shares, inv.Groups = nil, nil, nil
	}
	if !reflect.DeepEqual(s.Inventory, &inv) {
		t.Fatalf("inventory %d of %d:\ngot  %+v\nwant %+v", i, len(all), s.Inventory, &inv)
	}
}

// checkForgotten checks that no row of a user is left that no whole inventory needs.
func checkForgotten(t *rapid.T, db *DB, oldest int) {
	for _, table := range []string{"users", "shares", "memberships"} {
		var n int
		err := db.reader.QueryRow("SELECT count(*) FROM "+table+" WHERE until <= ?", oldest).Scan(&n)
		if err != nil || n > 0 {
			t.Fatalf("%d rows of %s are left that nothing needs, error %v", n, table, err)
		}
	}
}

// TestEveryFieldIsKept fills every field that the types of an inventory have,
// so that a new field without a column is noticed.
func TestEveryFieldIsKept(t *testing.T) {
	inv := &inventory.Inventory{}
	fill(reflect.ValueOf(inv).Elem())
	db := mustOpen(t, temporary(t), Options{})
	mustSave(t, db, inv, sometime(0), "")
	if got := mustLoad(t, db, time.Time{}).Inventory; !reflect.DeepEqual(got, inv) {
		t.Errorf("got  %+v\nwant %+v", got, inv)
	}
}

// fill gives every field below the value something that is not its zero value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.3)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(1)
	default:
		panic("a field of kind " + v.Kind().String())
	}
}

func TestLoadByDate(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	_, err := db.Load(context.Background(), time.Time{})
	if !errors.Is(err, ErrEmpty) {
		t.Fatalf("got error %v from an empty database, want %v", err, ErrEmpty)
	}
	// The clock ran ahead at the second save and was set right before the third.
	for i, days := range []int{10, 400, 20, 30} {
		mustSave(t, db, fleet(i+1, 0), sometime(days), "")
	}
	tests := []struct {
		name string
		at   time.Time
		want int // 0: none
	}{
		{"newest", time.Time{}, 4},
		{"before the first", sometime(9), 0},
		{"a moment before the first", sometime(10).Add(-time.Microsecond), 0},
		{"the first, to the microsecond", sometime(10), 1},
		{"between", sometime(15), 1},
		{"after the clock was set right", sometime(25), 3},
		{"in another time zone", sometime(25).In(time.FixedZone("", 5*3600)), 3},
		{"while the clock ran ahead", sometime(500), 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := db.Load(context.Background(), test.at)
			got := 0
			if err == nil {
				got = s.Number
			}
			if got != test.want || test.want == 0 && !errors.Is(err, ErrEmpty) {
				t.Errorf("got inventory %d, error %v, want %d", got, err, test.want)
			}
		})
	}
}

// TestLoadStores checks that all but the users is loaded, and what they amount to.
func TestLoadStores(t *testing.T) {
	db := mustOpen(t, temporary(t), Options{})
	mustSave(t, db, fleet(300, 1), sometime(0), "")
	whole := mustLoad(t, db, time.Time{})
	s, err := db.LoadStores(context.Background(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	want := *whole
	want.Whole, want.Inventory = false, new(inventory.Inventory)
	*want.Inventory = *whole.Inventory
	want.Inventory.Users, want.Inventory.Shares, want.Inventory.Groups = nil, nil, nil
	if len(whole.Inventory.Users) == 0 || len(s.Sums) == 0 || !reflect.DeepEqual(s, &want) {
		t.Errorf("got %+v, want %+v", s, &want)
	}
}

func TestSaveRefuses(t *testing.T) {
	tests := []struct {
		name, want string
		spoil      func(inv *inventory.Inventory)
	}{
		{"two users of one name", `write users: "user0000001@example.org" is there twice`, func(inv *inventory.Inventory) {
			inv.Users = slices.Insert(inv.Users, 1, inv.Users[1])
		}},
		{"users out of order", "the inventory is not sorted", func(inv *inventory.Inventory) {
			inv.Users[0], inv.Users[1] = inv.Users[1], inv.Users[0]
		}},
		{"two shares of one folder", "is there twice", func(inv *inventory.Inventory) {
			inv.Shares = []inventory.Share{{Owner: "a", Grantee: "b", Rights: "l"}, {Owner: "a", Grantee: "b", Rights: "r"}}
		}},
		{"a load that is no number", "NaN is not a load", func(inv *inventory.Inventory) { inv.Users[2].Load[0] = math.NaN() }},
		{"an infinite capacity", "+Inf is not a load", func(inv *inventory.Inventory) { inv.Servers[0].Capacity[1] = math.Inf(1) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			db := mustOpen(t, temporary(t), Options{})
			mustSave(t, db, fleet(5, 1), sometime(0), "")
			inv := fleet(5, 2)
			test.spoil(inv)
			if _, err := db.Save(context.Background(), inv, sometime(1), ""); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if s := mustLoad(t, db, time.Time{}); !reflect.DeepEqual(s.Inventory, fleet(5, 1)) {
				t.Error("the former inventory is no longer the newest")
			}
		})
	}
}

// TestStrangeRows checks that what no program of ours wrote is an error and not
// taken for something else.
func TestStrangeRows(t *testing.T) {
	for _, change := range []string{
		"UPDATE users SET load = '1,2'",
		"UPDATE users SET load = '[1,2,3,4,5,6,7,8,9]'",
		"UPDATE users SET load = '[x]'",
		"UPDATE users SET kind = 999",
		"UPDATE servers SET domains = '['",
		"UPDATE inventories SET spread = '7'",
		"UPDATE inventories SET sharing = ''",
	} {
		t.Run(change, func(t *testing.T) {
			db := mustOpen(t, temporary(t), Options{})
			mustSave(t, db, fleet(2, 1), sometime(0), "")
			if _, err := db.writer.Exec(change); err != nil {
				t.Fatal(err)
			}
			if s, err := db.Load(context.Background(), time.Time{}); err == nil {
				t.Errorf("got %+v, want an error", s.Inventory)
			}
		})
	}
}
