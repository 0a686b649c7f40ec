package processes

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// LeftLog is a log of Cyrus 2.3 that a worker took.
type LeftLog struct {
	Dir      string // of its channel
	Path     string
	Parent   int // the number in its name: the parent of the worker
	Bytes    int64
	Modified time.Time
}

var takenLog = regexp.MustCompile(`^log-([1-9][0-9]{0,9})$`)

// mostLeft is how many logs of a directory are told.
const mostLeft = 100

// left returns the taken logs in the directory of a channel.
func left(dir string) []LeftLog {
	var all []LeftLog
	for _, info := range filesIn(dir) { // a channel that was never written has no directory
		name := takenLog.FindStringSubmatch(info.Name())
		if name == nil || len(all) == mostLeft {
			continue
		}
		pid, err := strconv.Atoi(name[1])
		if err != nil {
			continue
		}
		all = append(all, LeftLog{dir, filepath.Join(dir, info.Name()), pid, info.Size(), info.ModTime()})
	}
	return all
}

// filesIn returns the regular files of a directory, as far as they can be looked at.
func filesIn(dir string) []fs.FileInfo {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var files []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	return files
}
