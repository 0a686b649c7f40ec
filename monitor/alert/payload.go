package alert

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// payload is the body of a webhook, as version 4 of Alertmanager's has it
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
type payload struct {
	Version           string         `json:"version"`
	GroupKey          string         `json:"groupKey"`
	TruncatedAlerts   int            `json:"truncatedAlerts"`
	Status            string         `json:"status"`
	Receiver          string         `json:"receiver"`
	GroupLabels       labels         `json:"groupLabels"`
	CommonLabels      labels         `json:"commonLabels"`
	CommonAnnotations labels         `json:"commonAnnotations"`
	ExternalURL       string         `json:"externalURL"`
	Alerts            []payloadAlert `json:"alerts"`
}

type labels map[string]string

type payloadAlert struct {
	Status       string    `json:"status"`
	Labels       labels    `json:"labels"`
	Annotations  labels    `json:"annotations"`
	StartsAt     time.Time `json:"startsAt"`
	EndsAt       time.Time `json:"endsAt"`
	GeneratorURL string    `json:"generatorURL"`
	Fingerprint  string    `json:"fingerprint"`
}

// mostSent is how many alerts a webhook gets at most in one message; of the
// others it gets the count.
const mostSent = 100

func (n *notice) webhook(route string) string {
	alerts := slices.Concat(n.news, n.over, n.firing)
	p := payload{
		Version: "4", GroupKey: strings.Join(n.groups[:min(len(n.groups), listed)], ","), Status: "firing", Receiver: route,
		TruncatedAlerts: max(0, len(alerts)-mostSent), GroupLabels: labels{}, Alerts: []payloadAlert{},
	}
	if len(n.groups) == 1 {
		p.GroupLabels["server"] = n.groups[0]
	}
	if len(n.news)+len(n.firing) == 0 {
		p.Status = "resolved"
	}
	for _, a := range alerts[:min(len(alerts), mostSent)] {
		one := payloadAlert{
			Status: "firing", Labels: labelsOf(&a.Finding), Annotations: annotationsOf(a), StartsAt: a.Began, Fingerprint: a.Key,
		}
		if a.Stage == monitor.Resolved {
			one.Status, one.EndsAt = "resolved", a.Resolved
		}
		p.Alerts = append(p.Alerts, one)
	}
	p.CommonLabels = common(p.Alerts, func(a *payloadAlert) labels { return a.Labels })
	p.CommonAnnotations = common(p.Alerts, func(a *payloadAlert) labels { return a.Annotations })
	return encoded(p)
}

// watchdog is the body of a heartbeat: an alert that always fires.
func watchdog(now time.Time, o *Options, route string) string {
	l := watchdogLabels(o.Host)
	return encoded(payload{
		Version: "4", GroupKey: "heartbeat", Status: "firing", Receiver: route, GroupLabels: labels{}, CommonLabels: l, CommonAnnotations: labels{},
		Alerts: []payloadAlert{{Status: "firing", Labels: l, Annotations: labels{}, StartsAt: now, Fingerprint: hash("Watchdog", o.Host)}},
	})
}

func watchdogLabels(host string) labels {
	l := labels{"alertname": "Watchdog", "severity": "none"}
	if host != "" {
		l["server"] = host
	}
	return l
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, times within years 0 to 9999 and whole numbers can be encoded
	}
	return string(text)
}

// labelsOf are what tells alerts apart; a name that nobody knows has no label.
func labelsOf(f *monitor.Finding) labels {
	l := labels{"alertname": string(f.Kind), "severity": string(f.Severity)}
	for name, value := range map[string]inventory.Text{"server": f.Server, "store": f.Store, "channel": f.Channel, "subject": f.Subject} {
		if value != "" {
			l[name] = string(value)
		}
	}
	return l
}

func annotationsOf(a *monitor.Alert) labels {
	l := labels{"summary": a.Text, "number": strconv.FormatInt(a.Number, 10)}
	if a.Command != "" {
		l["command"] = string(a.Command)
	}
	if a.Said != "" {
		l["said"] = string(a.Said)
	}
	if a.Value.Known {
		l["value"] = inventory.FormatNumber(a.Value.Value)
	}
	return l
}

// common returns what all alerts have in common.
func common(alerts []payloadAlert, of func(*payloadAlert) labels) labels {
	if len(alerts) == 0 {
		return labels{}
	}
	l := maps.Clone(of(&alerts[0]))
	for i := range alerts {
		maps.DeleteFunc(l, func(name, value string) bool { return of(&alerts[i])[name] != value })
	}
	return l
}
