package cyrus

import (
	"net"
	"syscall"
)

// acknowledge tells the other end at once that what was read has come. Cyrus writes long answers
// in pieces of 4 KiB, and its kernel may hold the next one back until then, which ours would
// otherwise put off for 40 ms in the hope of something to send along.
func acknowledge(socket net.Conn) {
	if conn, ok := socket.(syscall.Conn); ok {
		if raw, err := conn.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) })
		}
	}
}
