package simulate_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/fixtures"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/planner"
	"github.com/interlacemail/interlace/planner/load"
	"github.com/interlacemail/interlace/planner/simulate"
)

// dense looks at every pair from the definition.
type dense struct {
	pairs, offline, over int64
	most                 int // stores
	values               []float64
	histogram            map[int]int64 // by the end of the bin in percent
	worst                [][3]float64  // users, stores, utilisation
}

// scan adds up the whole layout once for every pair at the level.
func scan(f *load.Fleet, l load.Layout, level int) dense {
	d := dense{histogram: map[int]int64{}}
	now := f.Carry(l, f.Down)
	for _, domain := range f.Levels[level].Domains {
		if domain.Level != f.Levels[level].Name || allDown(f.Inventory, domain) {
			continue
		}
		for server := range f.Down {
			if f.Down[server] || slices.Contains(domain.Servers, int32(server)) || level == 0 && int32(server) < domain.Servers[0] {
				continue
			}
			down := slices.Clone(f.Down)
			down[server] = true
			for _, s := range domain.Servers {
				down[s] = true
			}
			c := f.Carry(l, down)
			u, at, _ := f.Fullest(c.Amounts, f.Failover, down)
			d.add(f, u, at >= 0, slices.DeleteFunc(c.Offline, func(store int) bool { return slices.Contains(now.Offline, store) }))
		}
	}
	slices.SortFunc(d.worst, func(a, b [3]float64) int {
		return cmp.Or(cmp.Compare(b[0], a[0]), cmp.Compare(b[1], a[1]), cmp.Compare(b[2], a[2]))
	})
	slices.Sort(d.values)
	return d
}

func (d *dense) add(f *load.Fleet, u float64, known bool, offline []int) {
	users := 0
	for _, store := range offline {
		users += f.Users[store]
	}
	d.pairs++
	d.most = max(d.most, len(offline))
	if len(offline) > 0 {
		d.offline++
	}
	if !known {
		d.worst = append(d.worst, [3]float64{float64(users), float64(len(offline)), -1})
		return
	}
	d.worst = append(d.worst, [3]float64{float64(users), float64(len(offline)), u})
	d.values = append(d.values, u)
	if u > 1 {
		d.over++
	}
	d.histogram[min(max(int(math.Ceil(u*1000)), 1)+9, 10010)/10]++
}

// same compares everything but the names in the worst pairs, of which several may be alike.
func (d *dense) same(t *testing.T, name string, got planner.Pairs, now planner.Offline) {
	t.Helper()
	if got.Count != d.pairs || got.TakingOffline != d.offline || got.OverCapacity != d.over || got.StoresOfflineWorst != d.most {
		t.Errorf("%s: %d pairs, %d offline, %d over, %d stores, want %+v", name, got.Count, got.TakingOffline, got.OverCapacity, got.StoresOfflineWorst, *d)
	}
	histogram := map[int]int64{}
	for _, bin := range got.Histogram {
		histogram[int(math.Round(bin.From*100))+1] = bin.Count
	}
	if !reflect.DeepEqual(histogram, d.histogram) {
		t.Errorf("%s: histogram %v, want %v", name, histogram, d.histogram)
	}
	for i, q := range []struct {
		got  planner.Number
		part float64
	}{{got.Utilisation.P50, 0.5}, {got.Utilisation.P90, 0.9}, {got.Utilisation.P99, 0.99}, {got.Utilisation.Max, 1}} {
		if len(d.values) == 0 || !q.got.Known {
			if len(d.values) > 0 || q.got.Known {
				t.Errorf("%s: quantile %v of %d values is %v", name, q.part, len(d.values), q.got)
			}
			continue
		}
		want := d.values[int(math.Ceil(q.part*float64(len(d.values))))-1]
		if over := q.got.Value - want; over < 0 || over > 0.001000001 || i == 3 && over != 0 {
			t.Errorf("%s: quantile %v is %v, want %v", name, q.part, q.got.Value, want)
		}
	}
	for i, impact := range got.Worst {
		value := -1.0
		if impact.Worst.Utilisation.Known {
			value = impact.Worst.Utilisation.Value
		}
		found := [3]float64{float64(impact.UsersOffline - now.UsersOffline), float64(impact.StoresOffline - now.StoresOffline), value}
		if found != d.worst[i] {
			t.Errorf("%s: worst pair %d is %v with %v, want %v", name, i, impact.Failed, found, d.worst[i])
		}
	}
	if len(got.Worst) != min(5, len(d.worst)) {
		t.Errorf("%s: %d worst pairs, of %d", name, len(got.Worst), len(d.worst))
	}
}

// All pairs that are counted are those of a scan, in fleets with every oddity and
// in fleets of each kind, as they are and with their stores thrown about.
func TestPairsAreThoseOfAScan(t *testing.T) {
	pairs := int64(0)
	try := func(name string, f *load.Fleet, l load.Layout) {
		s := simulate.New(f, l)
		for level := range f.Levels {
			want := scan(f, l, level)
			want.same(t, fmt.Sprintf("%s, level %s", name, f.Levels[level].Name), s.Pairs(level, 5), s.Now())
			pairs += want.pairs
			if level == 0 {
				samePromise(t, name, s.Promises(), want)
				sameFirstHour(t, name, s, f)
			}
		}
	}
	for seed := range uint64(1500) {
		inv := fixtures.Tiny(seed)
		f := load.New(inv)
		try(fmt.Sprint("tiny ", seed), f, f.Current())
	}
	for seed := range uint64(5) {
		for _, kind := range fixtures.Kinds() {
			inv := fixtures.Fleet(seed, kind, fixtures.Size{Servers: 6 + 5*int(seed), StoresPerServer: 3, Users: 300})
			inv.Servers[seed].State = inventory.Down
			delete(inv.Servers[seed+1].Domains, "rack")
			f := load.New(inv)
			try(fmt.Sprint(kind, seed), f, f.Current())
			try(fmt.Sprint(kind, seed, " thrown about"), f, thrown(seed, f))
		}
	}
	if pairs < 15000 {
		t.Errorf("only %d pairs were looked at", pairs)
	}
}

func samePromise(t *testing.T, name string, p planner.Promises, want dense) {
	t.Helper()
	switch {
	case p.StoresOfflineWorstPair != want.most:
		t.Errorf("%s: promised are %d stores offline, want %d", name, p.StoresOfflineWorstPair, want.most)
	case p.WorstPair.Utilisation.Known != (len(want.values) > 0):
		t.Errorf("%s: promised is %+v of %d pairs with a survivor", name, *p.WorstPair, len(want.values))
	case len(want.values) > 0 && (p.WorstPair.Utilisation.Value != want.values[len(want.values)-1] || len(p.WorstPair.Failed) != 2):
		t.Errorf("%s: promised is %+v, want %v", name, *p.WorstPair, want.values[len(want.values)-1])
	}
}

// sameFirstHour fails every pair for the worst that the first hour can bring.
func sameFirstHour(t *testing.T, name string, s *simulate.Simulator, f *load.Fleet) {
	t.Helper()
	worst := planner.Number{}
	servers := f.Levels[0].Domains
	for i, a := range servers {
		for j, b := range servers[:i] {
			if f.Down[i] || f.Down[j] {
				continue
			}
			if w := s.Fail(a, b).Worst.FirstHour; w.Known && (!worst.Known || w.Value > worst.Value) {
				worst = w
			}
		}
	}
	p := s.Promises().WorstPair
	if p.FirstHour != worst || worst.Known && len(p.FirstHourFailed) != 2 {
		t.Errorf("%s: promised is %+v, want %v in the first hour", name, *p, worst)
	}
}

// thrown returns a layout at random, with none to four instances a store.
func thrown(seed uint64, f *load.Fleet) load.Layout {
	rng := rand.New(rand.NewPCG(seed, 7))
	l := make(load.Layout, len(f.Active))
	for store := range l {
		for _, server := range rng.Perm(len(f.Down))[:rng.IntN(5)] {
			l[store] = append(l[store], int32(server))
		}
	}
	return l
}

// BenchmarkPairs looks at all pairs of servers, and of racks and servers, of the
// largest fleet: 50 and 20 million.
func BenchmarkPairs(b *testing.B) {
	for _, servers := range []int{1000, 10000} {
		f, l := scattered(servers, 20)
		s := simulate.New(f, l)
		for level := range f.Levels {
			b.Run(fmt.Sprintf("%s/servers=%d", f.Levels[level].Name, servers), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.ReportMetric(float64(s.Pairs(level, 0).Count), "pairs")
				}
			})
		}
	}
}

// scattered returns a fleet whose replicas lie on servers at random.
func scattered(servers, stores int) (*load.Fleet, load.Layout) {
	f := load.New(fixtures.Fleet(1, fixtures.Mixed, fixtures.Size{Servers: servers, StoresPerServer: stores, Users: -1, Legal: true}))
	rng, l := rand.New(rand.NewPCG(1, 2)), f.Current()
	for store := range l {
		l[store] = []int32{int32(store % servers), int32(rng.IntN(servers))}
		for l[store][1] == l[store][0] {
			l[store][1] = int32(rng.IntN(servers))
		}
	}
	return f, l
}

// BenchmarkAll fails every server and every rack of the largest fleet.
func BenchmarkAll(b *testing.B) {
	f, l := scattered(10000, 20)
	s := simulate.New(f, l)
	b.ReportAllocs()
	for b.Loop() {
		s.All()
	}
}
