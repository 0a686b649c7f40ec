package monitor

import (
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// Usage is one sample of what an instance used since the one before: the work of
// all processes of its tree, and the disks of its partitions.
type Usage struct {
	At       time.Time
	Over     time.Duration // since the sample before
	Server   inventory.ServerID
	Store    inventory.StoreID
	Role     inventory.Role
	IO       inventory.Number // operations of its disks per second
	CPU      inventory.Number // seconds per second
	Memory   inventory.Number // bytes resident, each shared page counted once where the kernel says so
	Disk     inventory.Number // bytes of its partitions
	DiskFree inventory.Number // bytes left on the fullest file system among those of its partitions
	DiskFill inventory.Number // part of that file system that is not left, as df counts it
	Trouble  string           // why some of it is not known; it is not kept
}

// UsageHour is what an instance used of a resource within an hour: io, cpu,
// memory, disk, disk_free or disk_fill.
type UsageHour struct {
	Server   inventory.ServerID
	Store    inventory.StoreID
	Role     inventory.Role
	Begins   time.Time
	Resource string
	Samples  int
	Mean     float64
	P95      float64 // 95 of 100 samples are not above it
	Most     float64
}
