package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

const (
	longestSubject = 120 // bytes
	listed         = 10  // alerts of each sort in a message; of the others there is a count
)

// notice is what one message tells: alerts of one or several groups.
type notice struct {
	id, answers        string
	groups             []string
	news, over, firing []*monitor.Alert
	now                time.Time
	opts               *Options
}

// notice gathers what is told of some groups, the worst first. Its Message-ID
// says which alerts have come how far, and nothing of when it is sent.
func (r *round) notice(groups []*bundle) *notice {
	n := &notice{now: r.now, opts: &r.opts}
	var words []string
	for _, b := range groups {
		n.groups = append(n.groups, b.Key)
		n.news = append(n.news, b.news...)
		n.over = append(n.over, b.over...)
		n.firing = append(n.firing, b.firing...)
		n.answers = cmp.Or(n.answers, b.Root)
		words = append(words, b.Key, strconv.Itoa(b.Messages))
	}
	if len(groups) > 1 {
		n.answers = ""
	}
	for _, list := range [][]*monitor.Alert{n.news, n.over, n.firing} {
		slices.SortStableFunc(list, worseFirst)
		words = append(words, strconv.Itoa(len(list)))
		for _, a := range list {
			words = append(words, a.Key, strconv.FormatInt(a.Number, 10), strconv.FormatInt(a.Began.UnixMicro(), 10))
		}
	}
	n.id = r.opts.id(n.stage(), words...)
	return n
}

func (o *Options) id(stage string, words ...string) string {
	return stage + "." + hash(append([]string{o.Host, stage}, words...)...) + "@" + o.Domain
}

func worseFirst(a, b *monitor.Alert) int {
	return cmp.Or(
		b.Severity.Rank()-a.Severity.Rank(), a.Began.Compare(b.Began), cmp.Compare(a.Number, b.Number),
	)
}

func (n *notice) stage() string {
	switch {
	case len(n.news) > 0:
		return "firing"
	case len(n.over) > 0:
		return "resolved"
	}
	return "still"
}

func (n *notice) repeated() bool { return n.stage() == "still" }

// subject says it all where there is one alert, else how many there are and which
// is the worst.
func (n *notice) subject() string {
	about, word := n.news, ""
	switch n.stage() {
	case "resolved":
		about, word = n.over, "resolved: "
	case "still":
		about, word = n.firing, "still "
	}
	first := about[0]
	if n.stage() != "resolved" {
		word += string(first.Severity) + ": "
	}
	text := "[interlace] " + word
	if len(about) > 1 {
		text += strconv.Itoa(len(about)) + " alerts"
		if len(n.groups) > 1 {
			text += " on " + strconv.Itoa(len(n.groups)) + " servers"
		}
		text += ", first "
	}
	text += string(first.Kind) + on(string(first.Server))
	if first.Store != "" {
		text += ", store " + string(first.Store)
	}
	if n.stage() == "resolved" && len(about) == 1 {
		text += " after " + lasted(first.Began, first.Resolved)
	}
	return line(text, longestSubject)
}

func on(server string) string {
	if server == "" {
		return ""
	}
	return " on " + server
}

// text is the body of a mail.
func (n *notice) text() string {
	var b strings.Builder
	section(&b, "", n.news, n.opening)
	section(&b, "OVER", n.over, n.ending)
	section(&b, "STILL FIRING", n.firing, n.short)
	if act := slices.Concat(n.news, n.firing); len(act) > 0 {
		first := act[0]
		fmt.Fprintf(&b, "To take care of one until it ends, without being reminded%s:\n  interlace alerts acknowledge %d\n", on(n.opts.Host), first.Number)
		fmt.Fprintf(&b, "To hear nothing of such alerts for a while:\n  interlace alerts silence --for 2h --comment WHY %s\n", matchersOf(first))
	}
	b.WriteString("All alerts: interlace alerts\n")
	return b.String()
}

// section lists some alerts and says how many more there are.
func section(b *strings.Builder, title string, list []*monitor.Alert, write func(*strings.Builder, *monitor.Alert)) {
	if len(list) == 0 {
		return
	}
	if title != "" {
		b.WriteString(title + "\n")
	}
	for _, a := range list[:min(len(list), listed)] {
		write(b, a)
	}
	if more := len(list) - listed; more > 0 {
		fmt.Fprintf(b, "… and %d more\n", more)
	}
	b.WriteString("\n")
}

func (n *notice) opening(b *strings.Builder, a *monitor.Alert) {
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "%d. %s %s\n", a.Number, strings.ToUpper(string(a.Severity)), a.Kind)
	fmt.Fprintf(b, "   where    %s\n", where(a))
	fmt.Fprintf(b, "   since    %s (%s)\n", a.Began.UTC().Format("2006-01-02 15:04:05 UTC"), lasted(a.Began, n.now))
	if a.Value.Known {
		fmt.Fprintf(b, "   how bad  %s%s\n", a.Measure(a.Value.Value), higher(a))
	}
	if a.Flaps >= 2 {
		fmt.Fprintf(b, "   flapping %d like this ended shortly before; this one is over when it stays away for %s\n", a.Flaps, lasted(time.Time{}, time.Time{}.Add(n.opts.Flapping)))
	}
	fmt.Fprintf(b, "   what     %s\n", a.Text)
	if a.Command != "" {
		fmt.Fprintf(b, "   to do    run:\n\n%s\n", a.Command)
	}
}

func (n *notice) ending(b *strings.Builder, a *monitor.Alert) {
	if a.Probe == monitor.ProbeLogs { // that nothing more was said does not mean that anything was repaired
		fmt.Fprintf(b, "%d. %s, %s: no such line since %s\n", a.Number, a.Kind, where(a), a.Seen.UTC().Format("2006-01-02 15:04:05 UTC"))
		return
	}
	fmt.Fprintf(b, "%d. %s, %s: lasted %s, until %s%s\n", a.Number, a.Kind, where(a),
		lasted(a.Began, a.Resolved), a.Resolved.UTC().Format("2006-01-02 15:04:05 UTC"), peak(a))
}

func (n *notice) short(b *strings.Builder, a *monitor.Alert) {
	fmt.Fprintf(b, "%d. %s %s, %s, for %s%s\n", a.Number, a.Severity, a.Kind, where(a), lasted(a.Began, n.now), peak(a))
}

// higher is the peak of an alert that was worse before.
func higher(a *monitor.Alert) string {
	if a.Peak == a.Value {
		return ""
	}
	return peak(a)
}

func peak(a *monitor.Alert) string {
	if !a.Peak.Known {
		return ""
	}
	return ", at its peak " + a.Measure(a.Peak.Value)
}

func where(a *monitor.Alert) string {
	var words []string
	for _, part := range []struct {
		name  string
		value inventory.Text
	}{{"server", a.Server}, {"store", a.Store}, {"channel", a.Channel}, {"about", inventory.Text(a.About())}} {
		if part.value != "" {
			words = append(words, part.name+" "+string(part.value))
		}
	}
	if len(words) == 0 {
		return "unknown"
	}
	return strings.Join(words, ", ")
}

// matchersOf returns matchers, quoted for a shell, that silence alerts like one.
func matchersOf(a *monitor.Alert) string {
	words := []string{quoted("kind=" + string(a.Kind))}
	if a.Server != "" {
		words = append(words, quoted("server="+string(a.Server)))
	}
	if a.Store != "" {
		words = append(words, quoted("store="+string(a.Store)))
	}
	if a.Probe == monitor.ProbeLogs && a.Subject != "" { // else all such lines would be kept quiet
		words = append(words, quoted("subject="+string(a.Subject)))
	}
	return strings.Join(words, " ")
}

// quoted returns a word as a POSIX shell reads it.
func quoted(word string) string {
	for _, r := range word {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/@%+=", r) {
			return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return word
}

// lasted returns a duration in its two largest units.
func lasted(from, to time.Time) string {
	seconds := max(0, int64(to.Sub(from)/time.Second))
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d m %d s", seconds/60, seconds%60)
	case seconds < 86400:
		return fmt.Sprintf("%d h %d m", seconds/3600, seconds%3600/60)
	}
	return fmt.Sprintf("%d d %d h", seconds/86400, seconds%86400/3600)
}

// firing says how many alerts fire.
func firing(alerts []monitor.Alert) string {
	count := 0
	for i := range alerts {
		if alerts[i].Stage == monitor.Firing {
			count++
		}
	}
	if count == 1 {
		return "1 alert fires"
	}
	return strconv.Itoa(count) + " alerts fire"
}
