// Package usage measures what each instance uses of its server.
//
//	sample := usage.Look(list, usage.LookOptions{}, time.Now())
//	used := usage.Between(&earlier, &sample)  // per second, and what is on the disks
//	loads := usage.Loads(hours, time.Local)   // what a planner may count with
//	rooms := usage.Rooms(hours)               // how full the file systems are
//
// An instance is the tree of its master process, with whatever else was started
// with its imapd.conf. Where the tree has a control group of its own (cgroup v2),
// processor and disk are what the kernel counts for that. Elsewhere they are the
// sums over the tree; what a child used is its parent's once that has collected
// it, so short processes are not lost.
//
// Operations are those of disks, as capacities of servers are stated: the group
// counts them; of a tree the kernel tells bytes that were fetched from disks and
// sent there, which count as one operation for every 4 KiB. That is the most it
// can have been, and near the truth for mail, which is read and written in small
// pieces. System calls would count sockets and what memory answers.
//
// How much of a disk an instance fills is known only where a file system is its
// own: walking a spool takes hours. Elsewhere the caller may know it, such as
// from quotas.
package usage
