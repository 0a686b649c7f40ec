package processes

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// claim takes the channel whose directory this is, so that no two recoveries work
// on it, whoever started them. It is a lock on the directory itself: it leaves no
// file and ends with the last process that holds it. The client that works the
// log off inherits it, so it holds also when this process is killed and the
// client is not.
func claim(dir string) (*os.File, error) {
	lock, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("another recovery works in %q", dir)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}
