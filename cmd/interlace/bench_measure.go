package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/planner"
)

const (
	sampleEvery = time.Millisecond
	// garbage is how much may be allocated before the collector runs, so that what
	// is measured is about this much above what is needed, at most.
	garbage = 32 << 20
)

// measure runs the work and returns how long it took and how much more heap than
// before was in use at any time, garbage that was not collected yet included.
func measure(work func()) report.Spent {
	runtime.GC()
	before := heapInUse()
	percent := debug.SetGCPercent(min(max(int(100*garbage/max(before, 1)), 5), 100))
	defer debug.SetGCPercent(percent)
	stop, peak := make(chan struct{}), make(chan int64)
	go watchHeap(stop, peak)
	start := time.Now()
	work()
	took := time.Since(start)
	close(stop)
	return report.Spent{Seconds: took.Seconds(), Heap: planner.Known(float64(max(<-peak-before, 0)))}
}

// watchHeap sends the most heap in use until it is told to stop.
func watchHeap(stop <-chan struct{}, peak chan<- int64) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	most := int64(0)
	for {
		most = max(most, heapInUse())
		select {
		case <-tick.C:
		case <-stop:
			peak <- max(most, heapInUse())
			return
		}
	}
}

// heapInUse returns the bytes of all objects that are in use or not collected yet.
// What is above the goal of the collector is garbage that it is late to collect
// where processors are busy, and is not counted.
func heapInUse() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/goal:bytes"}}
	metrics.Read(sample)
	return int64(min(sample[0].Value.Uint64(), sample[1].Value.Uint64()))
}
