package processes

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// RoleOf says what an instance takes itself to be, from the command lines of all
// processes of its server as ps(1) writes them: a master sends its changes on
// with a rolling sync_client. An instance of which nothing runs may be anything.
func RoleOf(commands, conf string) (inventory.Role, error) {
	conf = filepath.Clean(conf)
	runs := false
	for line := range strings.Lines(commands) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p := monitor.Process{Name: strings.TrimSuffix(filepath.Base(words[0]), ":"), Command: words}
		if flags := options(words, "CM"); filepath.Clean(flags['C']) != conf {
			continue
		}
		runs = true
		if readCommand(&p); p.Name == "sync_client" && p.Rolling {
			return inventory.Master, nil
		}
	}
	if !runs {
		return "", fmt.Errorf("no process with %s runs there", conf)
	}
	return inventory.Replica, nil
}
