package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

// population is how many users each store has: the first ones grew for years.
var population = []int{18, 12, 10, 8, 7, 5}

// circles are how many users of each store share folders with one another.
var circles = [][]int{{6, 4, 3}, {5, 2}, {3, 2}, {3}, {2}, {2}}

var names = strings.Fields(`
	anna ben clara david emma felix greta hugo ida jakob klara leon marta nico
	olga paul rosa simon tina uwe vera willi xenia yuri zoe alma bruno carla
	dario elena fritz gina henri irma jonas kim lena max nora otto pia quirin
	rita sven thea urs viola walter yara zeno adele boris celia dora egon
	frida georg hanna igor jutta`)

// person is one user with his mailboxes.
type person struct {
	name      string
	mailboxes []cyrustest.Mailbox
}

// store is the content of one store.
type store struct {
	people []person
	trees  []cyrustest.Mailbox // mailboxes of shared trees
}

// people returns who is on the stores: always the same.
func people() []store {
	rng := rand.New(rand.NewPCG(1, 1))
	stores := make([]store, len(population))
	next := 0
	for i, count := range population {
		for range count {
			stores[i].people = append(stores[i].people, newPerson(names[next], rng))
			next++
		}
		share(stores[i].people, circles[i])
	}
	team := cyrustest.Mailbox{Name: "team.minutes", Messages: 12, MessageBytes: 4000}
	for _, member := range stores[0].people[:3] {
		team.ACL = append(team.ACL, cyrustest.Right{Identifier: member.name, Rights: "lrswi"})
	}
	stores[0].trees = []cyrustest.Mailbox{{Name: "team", Messages: 5}, team}
	// Somebody of the second store was moved to the fourth one day, away from a
	// folder that is still open to him. And one right outlived its bearer.
	plans := &stores[1].people[0].mailboxes[2]
	plans.ACL = append(plans.ACL,
		cyrustest.Right{Identifier: stores[3].people[0].name, Rights: "lrs"},
		cyrustest.Right{Identifier: "formercolleague", Rights: "lrs"})
	return stores
}

// newPerson makes a user's mailboxes: few messages for most, many for some.
func newPerson(name string, rng *rand.Rand) person {
	p := person{name: name}
	many := 1 + int(10*rng.ExpFloat64())
	for i, folder := range []string{"", ".Sent", ".Plans"} {
		p.mailboxes = append(p.mailboxes, cyrustest.Mailbox{
			Name: "user." + name + folder, Messages: 1 + many/(i+1), MessageBytes: 1000 + rng.IntN(4000),
		})
	}
	p.mailboxes[0].Quota = 10240
	return p
}

// share opens the plans of the first of each circle to the others in it.
func share(people []person, circles []int) {
	for _, size := range circles {
		for _, member := range people[1:size] {
			plans := &people[0].mailboxes[2]
			plans.ACL = append(plans.ACL, cyrustest.Right{Identifier: member.name, Rights: "lrs"})
		}
		people = people[size:]
	}
}

// mailboxes returns all mailboxes of a store.
func (s *store) mailboxes() []cyrustest.Mailbox {
	all := append([]cyrustest.Mailbox(nil), s.trees...)
	for _, p := range s.people {
		all = append(all, p.mailboxes...)
	}
	return all
}

// weight returns the bytes of the mail of a store, and about how much is written
// there in a second, by the formula of package discover for mailboxes of today.
func (s *store) weight() (bytes int64, writes float64) {
	for _, m := range s.mailboxes() {
		size := m.MessageBytes
		if size == 0 {
			size = 1000
		}
		bytes += int64(m.Messages * size)
		writes += float64(m.Messages+4) / 86400
	}
	return bytes, writes
}

// storeName names store i, from 0.
func storeName(i int) string { return fmt.Sprintf("s%d", i+1) }
