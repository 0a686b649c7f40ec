package monitor

import (
	"regexp"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Severity is how much a finding matters.
type Severity string

// Severities.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Rank is larger for what matters more: 1 for info, 2 for warning, 3 for
// critical, and 0 for anything else.
func (s Severity) Rank() int {
	return 1 + slices.Index([]Severity{Info, Warning, Critical}, s)
}

// Kind says what was found. The identifiers are part of the contract.
type Kind string

// Kinds of findings.
const (
	BacklogGrown       Kind = "backlog"
	ReplicaWritten     Kind = "replica_written"
	ClientMissing      Kind = "client_missing"
	ClientDuplicate    Kind = "client_duplicate"
	ClientHung         Kind = "client_hung"
	ClientMisplaced    Kind = "client_misplaced"
	HotLoop            Kind = "hot_loop"
	LogOrphaned        Kind = "log_orphaned"
	LogUnwritable      Kind = "log_unwritable"
	ReplicaRefuses     Kind = "replica_refuses"
	BailingOut         Kind = "bailing_out"
	Unclassified       Kind = "unclassified"
	DaemonDisabled     Kind = "daemon_disabled"
	MasterDown         Kind = "master_down"
	PortSilent         Kind = "port_silent"
	LinesLost          Kind = "lines_lost"
	LogUnreadable      Kind = "log_unreadable"
	OwnDatabase        Kind = "own_database"
	LogLine            Kind = "log_line"
	ReplicaUnreachable Kind = "replica_unreachable"
	ReplicaAuth        Kind = "replica_auth"
	ExpireOverdue      Kind = "expire_overdue"
	AutocreateOn       Kind = "autocreate_on"
	WatcherSilent      Kind = "watcher_silent"
	InventoryStale     Kind = "inventory_stale"
	CopyDiffers        Kind = "copy_differs"
	CompareOverdue     Kind = "compare_overdue"
	PlanUnconfirmed    Kind = "plan_unconfirmed"
	PasswordLeft       Kind = "password_left"
)

// Kinds returns all kinds of findings.
func Kinds() []Kind {
	return []Kind{
		BacklogGrown, ReplicaWritten, ClientMissing, ClientDuplicate, ClientHung, ClientMisplaced, HotLoop, LogOrphaned, LogUnwritable,
		ReplicaRefuses, BailingOut, Unclassified, DaemonDisabled, MasterDown, PortSilent, LinesLost, LogUnreadable, OwnDatabase, LogLine,
		ReplicaUnreachable, ReplicaAuth, ExpireOverdue, AutocreateOn, WatcherSilent, InventoryStale, CopyDiffers, CompareOverdue,
		PlanUnconfirmed, PasswordLeft,
	}
}

// Probe is what looks.
type Probe string

// Probes.
const (
	ProbeBacklog   Probe = "backlog"
	ProbeProcesses Probe = "processes"
	ProbeLogs      Probe = "logs"
	ProbeUsage     Probe = "usage"
	ProbeWatch     Probe = "watch"
	ProbeCompare   Probe = "compare"
	ProbeConfirm   Probe = "confirm"
)

// Finding is something that is not as it should be, as one look saw it. Fields
// without meaning for it are null.
type Finding struct {
	Probe    Probe          `json:"probe"`
	Kind     Kind           `json:"kind"`
	Severity Severity       `json:"severity"`
	Server   inventory.Text `json:"server"`
	Store    inventory.Text `json:"store"` // null also where nobody can tell which one it is
	Channel  inventory.Text `json:"channel"`
	// Subject tells findings of one kind at one place apart: the shape of a log
	// line, the path of a file.
	Subject inventory.Text `json:"subject"`
	// Since is when it began, or where SinceBy is given too, the last time when
	// it was not yet so; null: unknown. SinceBy is the first time when it was
	// seen to be so, where nothing says when it began. Both are RFC 3339.
	Since   inventory.Text `json:"since"`
	SinceBy inventory.Text `json:"since_by"`
	Text    string         `json:"text"` // what is wrong, and what to do about it
	// Command is what to run, ready to paste into a shell, or null.
	Command inventory.Text `json:"command"`
	// Mark tells what was found from what may be found later in its place, such as
	// a log that has grown since, where an acknowledgement of what is there now
	// ends the alert; else it is null.
	Mark inventory.Text `json:"mark"`
	// Said is what a log says of the same, or null.
	Said inventory.Text `json:"said"`
	// Value is how bad it is in a unit of the kind's own, such as the seconds of
	// a backlog or how often a line came, else null.
	Value inventory.Number `json:"value"`
}

// Measure says how bad a value of the finding is, as people read it.
func (f *Finding) Measure(value float64) string {
	switch {
	case f.Line():
		return inventory.Counted(int(value), "line", "lines")
	case f.Kind == BacklogGrown:
		return inventory.DurationText(value) + " behind"
	case f.Kind == ReplicaWritten:
		return inventory.Counted(int(value), "entry", "entries")
	case f.Kind == CopyDiffers, f.Kind == CompareOverdue:
		return inventory.Counted(int(value), "user", "users")
	case f.Kind == PlanUnconfirmed:
		return inventory.Counted(int(value), "promise", "promises")
	}
	return inventory.FormatNumber(value)
}

// Line reports whether it is known only from what a log says.
func (f *Finding) Line() bool { return f.Probe == ProbeLogs }

// Confirmable reports whether a look at the processes of its instance may see more of
// it: from what it follows, or what is so by now and what is to be run.
func (f *Finding) Confirmable() bool {
	switch f.Kind {
	case BailingOut, ReplicaUnreachable, ReplicaAuth, ReplicaRefuses, ClientDuplicate, LogUnwritable, HotLoop, DaemonDisabled, PortSilent:
		return f.Line() && f.Store != ""
	}
	return f.Kind == BacklogGrown
}

// TellsOf reports whether a line of a log means what a look found: both are of one kind
// and at one instance, and do not name two channels.
func (f *Finding) TellsOf(look *Finding) bool {
	return f.Line() && !look.Line() && f.Kind == look.Kind && f.Server == look.Server && f.Store == look.Store && f.Store != "" && f.OneChannel(look)
}

// OneChannel reports whether two findings do not name two channels.
func (f *Finding) OneChannel(other *Finding) bool {
	return f.Channel == other.Channel || f.Channel == "" || other.Channel == ""
}

// mostAbout is how much of a subject people are shown. Shapes of log lines may be
// longer, and patterns of the operator have any length.
const mostAbout = 80

// hole is where any text may stand in the pattern of a line of a log.
var hole = regexp.MustCompile(`\{[^{}]*\}`)

// About returns the subject as people are shown it, cut where it is long. Of lines
// of a log it is their pattern, with dots for what differs.
func (f *Finding) About() string {
	subject := string(f.Subject)
	if f.Kind == LogLine {
		subject = hole.ReplaceAllLiteralString(subject, "…")
	}
	n := 0
	for i := range subject {
		if n == mostAbout {
			return subject[:i] + "…"
		}
		n++
	}
	return subject
}

// SinceText says in words when it began, or nothing where nobody knows, with times as
// a format of package time writes them. What was seen to be so before it was said not
// to be so yet, by another clock or another sign, began at some time before that.
func (f *Finding) SinceText(format string) string {
	after, by := parsed(f.Since), parsed(f.SinceBy)
	word := func(at time.Time) string { return at.UTC().Format(format) }
	switch {
	case by.IsZero() && after.IsZero():
		return ""
	case by.IsZero(), word(after) == word(by):
		return word(after)
	case after.IsZero(), after.After(by):
		return word(by) + " or before"
	}
	return "between " + word(after) + " and " + word(by)
}

// parsed returns a time as findings write it, or the zero time.
func parsed(text inventory.Text) time.Time {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return time.Time{}
	}
	return at
}

// Time returns a time as findings write it; the zero time is unknown.
func Time(at time.Time) inventory.Text {
	if at.IsZero() {
		return ""
	}
	return inventory.Text(at.UTC().Format(time.RFC3339))
}

// Minute is a time as people read it, in UTC, which it says.
func Minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }
