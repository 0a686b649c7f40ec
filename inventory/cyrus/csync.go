package cyrus

import (
	"fmt"
	"net"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// SplitCSync parts the address of a sync server, host:port, as sync_client can be told of it, by
// -S or by sync_host and sync_port. What stands behind the first colon it takes for the port: it
// reads names and addresses of IPv4, and none of IPv6.
func SplitCSync(csync string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(csync)
	switch {
	case err != nil || host == "":
		return "", "", fmt.Errorf("the csync address %s is not host:port", inventory.Quoted(csync))
	case strings.Contains(host, ":"):
		return "", "", fmt.Errorf("sync_client reads no address of IPv6, such as csync: %s; write a name in its place that leads there, by DNS or /etc/hosts", inventory.Quoted(csync))
	}
	return host, port, nil
}
