package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

func TestParseMatchers(t *testing.T) {
	got, err := ParseMatchers([]string{"server=imap3", "store!=s0*", "subject=a=b", "kind="})
	want := []monitor.Matcher{{Field: "server", Value: "imap3"}, {Field: "store", Value: "s0*", Not: true}, {Field: "subject", Value: "a=b"}, {Field: "kind"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, error %v", got, err)
	}
	_, err = ParseMatchers([]string{"server", "user=x", "store=s1", "\x1b=x"})
	if err == nil || strings.Count(err.Error(), "FIELD=VALUE or") != 3 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("error %v, want three mistakes", err)
	}
}

func TestCheckSilence(t *testing.T) {
	good := monitor.Silence{Matchers: []monitor.Matcher{{Field: "store", Value: "s1"}}, Author: "me", Comment: "why", From: start, Until: start.Add(time.Hour)}
	if err := CheckSilence(&good, start); err != nil {
		t.Error(err)
	}
	if err := CheckSilence(&monitor.Silence{}, start); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("error %v, want four mistakes", err)
	}
	over := good
	if err := CheckSilence(&over, start.Add(time.Hour)); err == nil {
		t.Error("a silence that is over")
	}
	odd := good
	odd.Matchers = []monitor.Matcher{{Field: "user", Value: "x"}}
	if err := CheckSilence(&odd, start); err == nil {
		t.Error("a field that there is not")
	}
}

func TestSilenced(t *testing.T) {
	far := finding(monitor.ReplicaUnreachable, monitor.Critical, "imap8", "s8")
	far.Subject = "imap9:2005"
	alerts := []monitor.Alert{{Finding: slow}, {Finding: loop}, {Finding: minor}, {Finding: far}}
	for _, test := range []struct {
		matchers string
		want     int
	}{
		{"server=imap1", 3},
		{"store=s2", 1},
		{"store!=s2", 3},
		{"server=imap9", 1},
		{"server=imap8", 1},
		{"server!=imap9", 3},
		{"kind=backlog server=imap*", 1},
		{"kind=backlog store=s2", 0},
		{"severity=critical", 2},
		{"channel=default subject=", 3},
		{"", 0},
	} {
		matchers, err := ParseMatchers(strings.Fields(test.matchers))
		if err != nil {
			t.Fatal(err)
		}
		if got := Silenced(&monitor.Silence{Matchers: matchers}, alerts, Options{}); len(got) != test.want {
			t.Errorf("%q matches %d, want %d", test.matchers, len(got), test.want)
		}
	}
}

func TestSilencedBy(t *testing.T) {
	silence := func(number int64, store string, from, until int) monitor.Silence {
		return monitor.Silence{
			Number: number, Matchers: []monitor.Matcher{{Field: "store", Value: store}},
			From: start.Add(time.Duration(from) * time.Minute), Until: start.Add(time.Duration(until) * time.Minute),
		}
	}
	silences := []monitor.Silence{silence(1, "s9", 0, 60), silence(2, string(slow.Store), 10, 20), silence(3, "s*", 15, 60)}
	for minute, want := range map[int]int64{0: 0, 10: 2, 16: 2, 20: 3, 60: 0} {
		got := int64(0)
		if s := SilencedBy(&monitor.Alert{Finding: slow}, silences, start.Add(time.Duration(minute)*time.Minute), Options{}); s != nil {
			got = s.Number
		}
		if got != want {
			t.Errorf("after %d minutes silence %d, want %d", minute, got, want)
		}
	}
}

func TestLike(t *testing.T) {
	for _, test := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true},
		{"", "*", true},
		{"a", "", false},
		{"abc", "abc", true},
		{"abc", "*", true},
		{"abc", "a*", true},
		{"abc", "*c", true},
		{"abc", "a*c", true},
		{"ac", "a*c", true},
		{"abc", "*b*", true},
		{"abc", "*x*", false},
		{"aba", "a*ba*a", false},
		{"a", "a*a", false},
		{"abab", "*ab", true},
		{"a*c", "a*c", true},
		{"abcabc", "*abc*abc", true},
		{"abc", "b*", false},
		{"x.y", "x?y", false},
	} {
		if got := Like(test.text, test.pattern); got != test.want {
			t.Errorf("%q like %q: got %v", test.text, test.pattern, got)
		}
	}
}
