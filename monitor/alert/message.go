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
	clock          = "2006-01-02 15:04:05 UTC"
	longestSubject = 120 // bytes
	listed         = 10  // alerts of each sort in a message; of the others there is a count
)

// notice is what one message tells: alerts of one or several groups.
type notice struct {
	id, answers        string
	groups             []string
	news, over, firing []*monitor.Alert
	followers          map[int64][]*monitor.Alert // what is not told since it follows from another
	remaining          map[int64][]*monitor.Alert // what followed from what is over, and is not
	now                time.Time
	opts               *Options
}

// notice gathers what is told of some groups, the worst first. Its Message-ID
// says which alerts have come how far, and nothing of when it is sent.
func (r *round) notice(groups []*bundle) *notice {
	n := &notice{followers: r.followers, remaining: r.remaining, now: r.now, opts: &r.opts}
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

// subject says it all where there is one alert, else how many there are and what they
// have in common.
func (n *notice) subject() string {
	about, word := n.news, ""
	switch n.stage() {
	case "resolved":
		about, word = n.over, "resolved: "
	case "still":
		about, word = n.firing, "still "
	}
	first := about[0]
	switch {
	case n.stage() != "resolved":
		word += string(first.Severity) + ": "
	case first.Told == "": // nobody has heard of it yet
		word = "resolved, was " + string(first.Severity) + ": "
	}
	text := "[interlace] " + word + n.several(about)
	switch {
	case n.stage() == "resolved" && len(about) == 1:
		text += " after " + lasted(first.Began, first.Lasted())
	case n.stage() == "firing" && len(n.over) > 0:
		text += "; resolved: " + n.several(n.over)
	}
	return line(text, longestSubject)
}

// several names one alert, or says of several where and of which kinds they are, as
// far as they have that in common, else which is the worst.
func (n *notice) several(about []*monitor.Alert) string {
	first := about[0]
	if len(about) == 1 {
		text := string(first.Kind) + at(first).text()
		if first.Stage == monitor.Firing && first.Flaps >= flapping {
			text += ", flapping"
		}
		return text
	}
	common, kinds := at(first), []string{}
	for _, a := range about {
		if a.Server != first.Server {
			common = place{}
		}
		if a.Store != first.Store {
			common.store = ""
		}
		if !slices.Contains(kinds, string(a.Kind)) {
			kinds = append(kinds, string(a.Kind))
		}
	}
	const most = 3
	if len(kinds) > most {
		kinds = append(kinds[:most], "…")
	}
	text := strconv.Itoa(len(about)) + " alerts"
	if common.server == "" && len(n.groups) > 1 {
		text += " on " + strconv.Itoa(len(n.groups)) + " servers"
	}
	text += common.text() + ": " + strings.Join(kinds, ", ")
	switch {
	case common == at(first):
		return text
	case common.server != "":
		return text + ", first store " + string(first.Store)
	}
	return text + ", first" + at(first).text()
}

// text is a place behind what is said of it.
func (p place) text() string {
	text := on(string(p.server))
	if p.store != "" {
		text += ", store " + string(p.store)
	}
	return text
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
		if command := inventory.Paste(append([]string{"interlace", "alerts", "silence", "--for", "2h", "--comment", "WHY"}, matchersOf(first)...)...); command != "" {
			fmt.Fprintf(&b, "To hear nothing of such alerts for a while:\n  %s\n", command)
		}
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
	if a.SinceBy == "" {
		fmt.Fprintf(b, "   since    %s (%s)\n", a.Began.UTC().Format(clock), lasted(a.Began, n.now))
	} else {
		fmt.Fprintf(b, "   since    %s (%s at least)\n", a.SinceText(clock), lasted(a.Began, n.now))
	}
	if a.Value.Known {
		fmt.Fprintf(b, "   how bad  %s%s\n", a.Measure(a.Value.Value), higher(a))
	}
	if a.Flaps >= flapping {
		fmt.Fprintf(b, "   flapping %d like this ended shortly before; this one is over when it stays away for %s, and told anew when it is back for as long\n", a.Flaps, lasted(time.Time{}, time.Time{}.Add(n.opts.Flapping)))
	}
	fmt.Fprintf(b, "   what     %s\n", a.Text)
	if a.Said != "" {
		fmt.Fprintf(b, "   log says %s\n", a.Said)
	}
	followers := n.following(a)
	if list := kindsOf(followers); len(list) > 0 {
		words := "which follows and is told only if it stays"
		if len(list) > 1 {
			words = "which follow and are told only if they stay"
		}
		fmt.Fprintf(b, "   it hides %s, %s behind\n", strings.Join(list, ", "), words)
	}
	if peer := n.opts.peer(&a.Finding); fromAfar(&a.Finding) && string(peer) != n.opts.Host {
		fmt.Fprintf(b, "   note     the watch on %s may tell the same, unless it has one database with that on %s\n", peer, a.Server)
	}
	if a.Command != "" {
		fmt.Fprintf(b, "   to do    run:\n\n%s\n", a.Command)
	}
	for _, f := range followers {
		if f.Kind == monitor.ClientMissing && f.Command != "" { // a client that ended does not begin again by itself
			fmt.Fprintf(b, "   then     when that is repaired, against %s:\n            %s\n            Run:\n\n%s\n", f.Kind, f.Text, f.Command)
		}
	}
}

// following are the alerts that follow from one, and from those.
func (n *notice) following(a *monitor.Alert) []*monitor.Alert {
	list := slices.Clone(n.followers[a.Number])
	for i := 0; i < len(list); i++ {
		list = append(list, n.followers[list[i].Number]...)
	}
	return slices.DeleteFunc(list, func(f *monitor.Alert) bool { return f.Stage == monitor.Resolved })
}

func kindsOf(alerts []*monitor.Alert) []string {
	var list []string
	for _, a := range alerts {
		list = append(list, string(a.Kind))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ending says how an alert ended. Of one that ended before anybody was told it says
// what it was.
func (n *notice) ending(b *strings.Builder, a *monitor.Alert) {
	if a.Told == "" && !a.Settled() {
		defer untold(b, a)
	}
	if a.Settled() {
		fmt.Fprintf(b, "%d. %s, %s: acknowledged as it is by %s%s; it is told again only if it changes\n", a.Number, a.Kind, where(a), a.Acknowledged.By, said(a.Acknowledged.Comment))
		return
	}
	if a.Line() { // that nothing more was said does not mean that anything was repaired
		fmt.Fprintf(b, "%d. %s, %s: no such line since %s\n", a.Number, a.Kind, where(a), a.Seen.UTC().Format(clock))
		return
	}
	fmt.Fprintf(b, "%d. %s, %s: lasted %s, until %s%s\n", a.Number, a.Kind, where(a),
		lasted(a.Began, a.Lasted()), a.Lasted().UTC().Format(clock), peak(a))
	if left := kindsOf(n.remaining[a.Number]); left != nil {
		fmt.Fprintf(b, "   left     what it hid is not over: %s\n", strings.Join(left, ", "))
	}
}

func untold(b *strings.Builder, a *monitor.Alert) {
	fmt.Fprintf(b, "   was      %s, told only now\n   what     %s\n", a.Severity, a.Text)
	if a.Command != "" {
		fmt.Fprintf(b, "   to do    if it comes back, run:\n\n%s\n", a.Command)
	}
}

func (n *notice) short(b *strings.Builder, a *monitor.Alert) {
	if n.opts.away(a, n.now) {
		fmt.Fprintf(b, "%d. %s %s, %s: %s\n", a.Number, a.Severity, a.Kind, where(a), a.Text)
		return
	}
	fmt.Fprintf(b, "%d. %s %s, %s, for %s%s\n", a.Number, a.Severity, a.Kind, where(a), lasted(a.Began, n.now), peak(a))
}

// said is a comment behind a name.
func said(comment string) string {
	if comment == "" {
		return ""
	}
	return " (" + line(comment, longestName) + ")"
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

// matchersOf returns matchers that silence alerts like one.
func matchersOf(a *monitor.Alert) []string {
	words := []string{"kind=" + string(a.Kind)}
	if a.Server != "" {
		words = append(words, "server="+string(a.Server))
	}
	if a.Store != "" {
		words = append(words, "store="+string(a.Store))
	}
	if a.Line() && a.Subject != "" { // else all such lines would be kept quiet
		words = append(words, "subject="+string(a.Subject))
	}
	return words
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
