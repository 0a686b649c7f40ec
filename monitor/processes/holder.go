package processes

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prometheus/procfs"
)

// holder returns a sync_client that has the file open, whoever runs it and under
// whatever name it sees the file, or 0. Others that have it open write it: they keep
// it while it is renamed. The error says that there is a sync_client whose open files
// can't be seen.
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
		if name, _ := one.Comm(); name != "sync_client" {
			continue
		}
		dir := filepath.Join(procPath(proc), strconv.Itoa(one.PID), "fd")
		entries, err := os.ReadDir(dir)
		if os.IsPermission(err) {
			return 0, fmt.Errorf("what process %d (sync_client) has open can't be seen", one.PID)
		}
		for _, entry := range entries {
			if open, err := os.Stat(filepath.Join(dir, entry.Name())); err == nil && os.SameFile(open, file) {
				return one.PID, nil
			}
		}
	}
	return 0, nil
}
