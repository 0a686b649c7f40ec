package usage

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/interlacemail/interlace/monitor"
)

// node is a process with what was seen of it first.
type node struct {
	proc procfs.Proc
	stat procfs.ProcStat
}

// trees returns the processes of each instance: all that name its configuration,
// their master, and all below those, but for what names the configuration of
// another instance.
func trees(at string, list []monitor.Instance) ([][]node, error) {
	fs, err := procfs.NewFS(at)
	if err != nil {
		return nil, fmt.Errorf("look at the processes: %w", err)
	}
	all, err := fs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("look at the processes: %w", err)
	}
	owners := map[int]int{} // process → instance
	nodes := map[int]node{}
	children := map[int][]int{}
	for _, proc := range all {
		stat, err := proc.Stat()
		if err != nil {
			continue // it has ended, or is none of ours to see
		}
		nodes[proc.PID] = node{proc, stat}
		children[stat.PPID] = append(children[stat.PPID], proc.PID)
		if i := instanceOf(proc, stat.Comm, list); i >= 0 {
			owners[proc.PID] = i
		}
	}
	named := make([][]int, len(list))
	for pid, i := range owners {
		named[i] = append(named[i], pid)
	}
	found := make([][]node, len(list))
	for i := range list {
		roots := named[i]
		for _, pid := range named[i] {
			// Master need not have the configuration of what it starts. One that
			// starts several instances counts with the first.
			parent, seen := nodes[nodes[pid].stat.PPID]
			if _, owned := owners[parent.proc.PID]; seen && !owned && isMaster(parent.stat.Comm) {
				roots = append(roots, parent.proc.PID)
				owners[parent.proc.PID] = i
			}
		}
		for _, pid := range below(roots, children, func(pid int) bool { owner, owned := owners[pid]; return !owned || owner == i }) {
			found[i] = append(found[i], nodes[pid])
		}
	}
	return found, nil
}

func isMaster(name string) bool { return name == "master" || name == "cyrmaster" }

// below returns the roots and all processes below them that may be taken, sorted.
func below(roots []int, children map[int][]int, may func(int) bool) []int {
	taken := map[int]bool{}
	for len(roots) > 0 {
		pid := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		if !taken[pid] && may(pid) {
			taken[pid] = true
			roots = append(roots, children[pid]...)
		}
	}
	var list []int
	for pid := range taken {
		list = append(list, pid)
	}
	slices.Sort(list)
	return list
}

// cyrusPrograms are those that may run without -C, with the configuration that
// Cyrus has by default.
var cyrusPrograms = []string{"master", "cyrmaster", "imapd", "lmtpd", "pop3d", "timsieved", "httpd", "sync_client", "sync_server", "squatter", "idled", "cyr_expire"}

// instanceOf returns the instance whose configuration a process was started with,
// or -1. Anybody can start a program with such words, which gains nothing but to
// be counted.
func instanceOf(proc procfs.Proc, name string, list []monitor.Instance) int {
	command, err := proc.CmdLine()
	if err != nil || len(command) == 0 || strings.Contains(command[0], "/postfix/") {
		return -1
	}
	conf := ""
	for i, word := range command[:min(len(command), 64)] {
		if word == "-C" && i+1 < len(command) {
			conf = command[i+1]
		} else if value, found := strings.CutPrefix(word, "-C"); found && value != "" {
			conf = value
		}
	}
	if conf == "" && slices.Contains(cyrusPrograms, name) {
		conf = "/etc/imapd.conf"
	}
	if conf == "" {
		return -1
	}
	if !filepath.IsAbs(conf) {
		dir, err := proc.Cwd()
		if err != nil {
			return -1
		}
		conf = filepath.Join(dir, conf)
	}
	conf = filepath.Clean(conf)
	return slices.IndexFunc(list, func(in monitor.Instance) bool { return in.Conf != "" && filepath.Clean(in.Conf) == conf })
}
