package synclag

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"

	"github.com/interlacemail/interlace/monitor"
)

// defaultConf is the configuration of a program of Cyrus that is given none.
const defaultConf = "/etc/imapd.conf"

// clients returns the rolling clients of a channel. What has ended and only
// waits to be asked for its exit code is none.
func clients(in *monitor.Instance, channel string, processes []monitor.Process) []monitor.Process {
	var list []monitor.Process
	for i := range processes {
		p := &processes[i]
		if p.Rolling && p.State != "Z" && p.State != "X" && p.Channel == channel && sameFile(cmp.Or(p.Conf, defaultConf), in.Conf) {
			list = append(list, *p)
		}
	}
	return list
}

// sameFile reports whether two paths lead to the same file.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// worker returns the process that has one of the logs open, or 0.
func worker(runs []*file, processes []monitor.Process) int {
	for _, run := range runs {
		for i := range processes {
			if slices.Contains(processes[i].Open, run.path) {
				return processes[i].PID
			}
		}
	}
	return 0
}
