package main

import (
	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// alertsAnswer is the answer of alerts as JSON.
type alertsAnswer struct {
	Alerts   []alertAnswer   `json:"alerts"`
	Silences []silenceAnswer `json:"silences"`
	Unsent   []unsentAnswer  `json:"unsent"`
	Looked   inventory.Text  `json:"looked"` // null: not lately
}

type alertAnswer struct {
	Number int64         `json:"number"`
	Stage  monitor.Stage `json:"stage"`
	monitor.Finding
	Watcher      inventory.Text         `json:"watcher"`
	Began        inventory.Text         `json:"began"`
	Seen         inventory.Text         `json:"seen"`
	Fired        inventory.Text         `json:"fired"`
	Resolved     inventory.Text         `json:"resolved"`
	Peak         inventory.Number       `json:"peak"`
	Flaps        int                    `json:"flaps"`
	Told         inventory.Text         `json:"told"`          // the worst severity that was told, or null
	ToldAt       inventory.Text         `json:"told_at"`       // when a message was sent last, or null
	Waiting      []string               `json:"waiting"`       // the routes on which none was sent yet
	WaitingSince inventory.Text         `json:"waiting_since"` // since when the first of those waits, or null
	Quiet        inventory.Text         `json:"quiet"`         // why it is not told now, or null
	Acknowledged *acknowledgementAnswer `json:"acknowledged"`
}

type acknowledgementAnswer struct {
	By      string         `json:"by"`
	Comment inventory.Text `json:"comment"`
	At      inventory.Text `json:"at"`
}

type silenceAnswer struct {
	Number   int64          `json:"number"`
	Matchers []string       `json:"matchers"`
	Author   string         `json:"author"`
	Comment  string         `json:"comment"`
	From     inventory.Text `json:"from"`
	Until    inventory.Text `json:"until"`
}

type unsentAnswer struct {
	Route   string         `json:"route"`
	Waiting int            `json:"waiting"`
	Oldest  inventory.Text `json:"oldest"`
	Tries   int            `json:"tries"`
	Next    inventory.Text `json:"next"` // when one that was tried is tried again, or null
	Trouble inventory.Text `json:"trouble"`
	GivenUp int            `json:"given_up"`
	Refused inventory.Text `json:"refused"`
}

func boardAnswer(b *report.Board) alertsAnswer {
	answer := alertsAnswer{Looked: monitor.Time(b.Looked), Silences: silenceAnswers(b.Silences)}
	for _, al := range b.Alerts {
		one := alertAnswer{
			Number: al.Number, Stage: al.Stage, Finding: al.Finding, Watcher: inventory.Text(al.Watcher),
			Began: monitor.Time(al.Began), Seen: monitor.Time(al.Seen), Fired: monitor.Time(al.Fired), Resolved: monitor.Time(al.Resolved),
			Peak: al.Peak, Flaps: al.Flaps, Told: inventory.Text(al.Told), ToldAt: monitor.Time(al.Telling.At), Waiting: append([]string{}, al.Telling.Waiting...), WaitingSince: monitor.Time(al.Telling.Since), Quiet: inventory.Text(al.Quiet),
		}
		if by := al.Acknowledged; by != nil {
			one.Acknowledged = &acknowledgementAnswer{By: by.By, Comment: inventory.Text(by.Comment), At: monitor.Time(by.At)}
		}
		answer.Alerts = append(answer.Alerts, one)
	}
	for _, o := range b.Outbox {
		answer.Unsent = append(answer.Unsent, unsentAnswer{o.Route, o.Waiting, monitor.Time(o.Oldest), o.Tries, monitor.Time(o.Next), inventory.Text(o.Trouble), o.GivenUp, inventory.Text(o.Refused)})
	}
	return answer
}

func silenceAnswers(silences []monitor.Silence) []silenceAnswer {
	list := []silenceAnswer{}
	for i := range silences {
		list = append(list, answerOf(&silences[i]))
	}
	return list
}

func answerOf(s *monitor.Silence) silenceAnswer {
	return silenceAnswer{s.Number, plainMatchers(s.Matchers), s.Author, s.Comment, monitor.Time(s.From), monitor.Time(s.Until)}
}

// plainMatchers are matchers as one of the words behind a command, without the
// quotes of a shell.
func plainMatchers(matchers []monitor.Matcher) []string {
	var list []string
	for _, m := range matchers {
		is := "="
		if m.Not {
			is = "!="
		}
		list = append(list, m.Field+is+m.Value)
	}
	return list
}
