package processes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/procfs"
)

// holder returns a process that has the file open, whoever runs it and under
// whatever name it sees the file, or 0. The error says that there is a sync_client
// whose open files can't be seen.
func holder(proc, path string) (int, error) {
	file, err := os.Stat(path)
	if err != nil {
		return 0, nil // what is not there nobody holds
	}
	fs, err := procfs.NewFS(procPath(proc))
	if err != nil {
		return 0, err
	}
	all, err := fs.AllProcs()
	if err != nil {
		return 0, err
	}
	for _, one := range all {
		dir := filepath.Join(procPath(proc), strconv.Itoa(one.PID), "fd")
		entries, err := os.ReadDir(dir)
		if os.IsPermission(err) {
			if name, _ := one.Comm(); name == "sync_client" {
				return 0, fmt.Errorf("what process %d (sync_client) has open can't be seen", one.PID)
			}
		}
		for _, entry := range entries {
			if open, err := os.Stat(filepath.Join(dir, entry.Name())); err == nil && os.SameFile(open, file) {
				return one.PID, nil
			}
		}
	}
	return 0, nil
}
