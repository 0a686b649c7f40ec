//go:build !linux

package synclag

import (
	"errors"
	"os"

	"github.com/interlacemail/interlace/monitor"
)

const nonBlocking = 0

// facts knows of no system but Linux when a file was born.
func facts(*os.File) (monitor.LogFile, uint32, error) {
	return monitor.LogFile{}, 0, errors.ErrUnsupported
}

func factsOf(string) (monitor.LogFile, error) { return monitor.LogFile{}, errors.ErrUnsupported }
