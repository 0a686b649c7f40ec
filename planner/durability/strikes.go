package durability

import "math/rand/v2"

// component is something that can fail.
type component struct {
	kind componentKind
	of   int32 // the server or the domain
}

type componentKind uint8

const (
	serverFails componentKind = iota
	diskFails
	domainFails
)

// strikes draws what fails next. Failures of all components come at a constant
// rate together; those that strike what has failed already have no effect.
type strikes struct {
	rate    float64
	classes []class
}

// class is components that fail equally often: from, up to to.
type class struct {
	kind     componentKind
	rate     float64 // of all together
	from, to int32
}

func (m *model) strikes() strikes {
	n := int32(m.servers())
	s := strikes{classes: []class{
		{serverFails, float64(n) * m.outage.rate, 0, n},
		{diskFails, float64(n) * m.loss, 0, n},
	}}
	for _, l := range m.levels {
		s.classes = append(s.classes, class{domainFails, float64(l.to-l.from) * l.rate, l.from, l.to})
	}
	for _, c := range s.classes {
		s.rate += c.rate
	}
	return s
}

func (s *strikes) pick(rng *rand.Rand) component {
	u := rng.Float64() * s.rate
	last := component{}
	for _, c := range s.classes {
		if c.rate == 0 {
			continue
		}
		if u < c.rate {
			at := c.from + int32(u/c.rate*float64(c.to-c.from))
			return component{c.kind, min(at, c.to-1)}
		}
		u -= c.rate
		last = component{c.kind, c.to - 1}
	}
	return last
}
