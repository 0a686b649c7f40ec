package logs

import (
	"strings"
	"time"
)

// slack is how far ahead the clock of whoever wrote a line may be.
const slack = 24 * time.Hour

// stamp takes the time from the beginning of a line: as RFC 3339, or as RFC 3164
// with or without a year before or behind the day. Without a year the time is the
// one next to now that is not far in the future.
func stamp(line string, now time.Time, zone *time.Location) (at time.Time, rest string, ok bool) {
	if len(line) > 20 && line[4] == '-' && line[10] == 'T' {
		word, rest, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339Nano, word)
		return at, rest, err == nil
	}
	year := 0
	if y, ok := digits(line, 4); ok && len(line) > 5 && line[4] == ' ' {
		year, line = y, line[5:]
	}
	if len(line) < 15 || line[3] != ' ' {
		return at, line, false
	}
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", line[:3])
	day, okDay := digits(strings.TrimLeft(line[4:6], " "), 0)
	if month < 0 || month%3 != 0 || !okDay || day < 1 || day > 31 || line[6] != ' ' {
		return at, line, false
	}
	line = line[7:]
	if y, ok := digits(line, 4); ok && len(line) > 5 && line[4] == ' ' {
		year, line = y, line[5:]
	}
	clock, ok := clock(line)
	if !ok {
		return at, line, false
	}
	rest = line[8:]
	if y, ok := digits(strings.TrimPrefix(rest, " "), 4); ok && year == 0 && len(rest) > 5 && rest[5] == ' ' {
		year, rest = y, rest[5:]
	}
	date := func(year int) time.Time {
		return time.Date(year, time.Month(month/3+1), day, clock[0], clock[1], clock[2], 0, zone)
	}
	if year > 0 {
		return date(year), strings.TrimPrefix(rest, " "), true
	}
	year = now.In(zone).Year()
	for _, y := range []int{year + 1, year} {
		if at := date(y); !at.After(now.Add(slack)) {
			return at, strings.TrimPrefix(rest, " "), true
		}
	}
	return date(year - 1), strings.TrimPrefix(rest, " "), true
}

// clock reads HH:MM:SS.
func clock(s string) (c [3]int, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return c, false
	}
	for i := range c {
		if c[i], ok = digits(s[3*i:], 2); !ok {
			return c, false
		}
	}
	return c, c[0] < 24 && c[1] < 60 && c[2] <= 60
}

// digits reads a number of so many digits, or with 0 all of a short text.
func digits(s string, n int) (value int, ok bool) {
	if n == 0 {
		n = len(s)
	}
	if n == 0 || len(s) < n || n > 9 {
		return 0, false
	}
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		value = 10*value + int(s[i]-'0')
	}
	return value, true
}
