package synclag

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/interlacemail/interlace/monitor"
)

const nonBlocking = unix.O_NONBLOCK

// facts returns what the system knows of an open file. Its birth is the zero
// time where the file system does not keep it.
func facts(file *os.File) (f monitor.LogFile, links uint32, err error) {
	var s unix.Statx_t
	if err := unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &s); err != nil {
		return monitor.LogFile{}, 0, err
	}
	return fromStatx(&s), s.Nlink, nil
}

// factsOf returns the same of a file that cannot be opened. A link is not followed.
func factsOf(path string) (monitor.LogFile, error) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &s); err != nil {
		return monitor.LogFile{}, err
	}
	return fromStatx(&s), nil
}

func fromStatx(s *unix.Statx_t) monitor.LogFile {
	f := monitor.LogFile{Bytes: int64(s.Size), Inode: s.Ino, Last: moment(s.Mtime), Taken: moment(s.Ctime)}
	if s.Mask&unix.STATX_BTIME != 0 {
		f.First = moment(s.Btime)
	}
	return f
}

func moment(t unix.StatxTimestamp) time.Time {
	if t.Sec == 0 && t.Nsec == 0 {
		return time.Time{}
	}
	return time.Unix(t.Sec, int64(t.Nsec))
}
