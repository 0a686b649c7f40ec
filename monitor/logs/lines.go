package logs

import (
	"bytes"
	"time"
)

// MostBytes is how much of a line is told.
const MostBytes = 64 << 10

// chunk is how much is read at once: more than a line.
const chunk = 4 * MostBytes

// Line is one line of a log.
type Line struct {
	Log   string
	Text  []byte // without its end; valid only while it is told
	Cut   bool   // it is longer, or had no end for a while
	Entry *Entry // of a journal, already taken apart
}

// consume tells the whole lines of the text at the part's offset and moves it
// behind them. The text of one line is told at most once: what comes after a cut
// up to the end of the line is not.
func (p *part) consume(text []byte, tell func(Line)) (used int) {
	line := Line{Log: p.Log}
	for used < len(text) {
		now := text[used:]
		end := bytes.IndexByte(now[:min(len(now), MostBytes+1)], '\n')
		switch {
		case p.Within:
			if end = bytes.IndexByte(now, '\n'); end < 0 {
				end = len(now) - 1
			} else {
				p.Within = false
			}
			used += end + 1
		case now[0] == 0:
			// A log that was emptied while its writer went on where it was begins with
			// a hole.
			used += len(now) - len(bytes.TrimLeft(now, "\x00"))
		case end >= 0:
			line.Text, line.Cut = now[:end], false
			used += end + 1
			tell(line)
		case len(now) > MostBytes:
			p.cut(now[:MostBytes], tell)
			used += MostBytes
		default:
			p.move(text[:used])
			return used
		}
	}
	p.move(text[:used])
	return used
}

// cut tells the beginning of a line.
func (p *part) cut(text []byte, tell func(Line)) {
	tell(Line{Log: p.Log, Text: text, Cut: true})
	p.Within = true
}

// move puts the offset behind a text that has been told.
func (p *part) move(text []byte) {
	p.Offset += int64(len(text))
	if len(text) < mark {
		text = append(p.Tail[:len(p.Tail):len(p.Tail)], text...)
	}
	p.Tail = bytes.Clone(text[max(0, len(text)-mark):])
}

// wait tells a last line without an end once it has not changed for so long.
func (p *part) wait(text []byte, now time.Time, patience time.Duration, tell func(Line)) {
	if len(text) == 0 {
		return
	}
	if p.rest.offset != p.Offset || p.rest.size != len(text) {
		p.rest = rest{p.Offset, len(text), now}
	}
	if now.Sub(p.rest.since) >= patience {
		p.cut(text, tell)
		p.move(text)
	}
}
