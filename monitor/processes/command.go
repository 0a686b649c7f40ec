package processes

import (
	"strings"

	"github.com/interlacemail/interlace/monitor"
)

// defaultConf is what Cyrus reads without -C.
const defaultConf = "/etc/imapd.conf"

// valued are the flags of each program that take a value (sync_client(8),
// squatter(8), master(8), cyr_expire(8)).
var valued = map[string]string{
	"sync_client": "CSFfwtdnp",
	"sync_server": "Cp",
	"squatter":    "CnfSTtz",
	"master":      "CMpLljP",
	"cyr_expire":  "CADEXpu",
}

// readCommand takes from the command line what it says of the process.
func readCommand(p *monitor.Process) {
	flags := options(p.Command, valued[p.Name])
	p.Conf = defaultConf
	if conf := flags['C']; conf != "" {
		p.Conf = conf
	}
	_, once := flags['1']
	switch p.Name {
	case "master":
		p.Services = flags['M']
	case "sync_client":
		_, rolling := flags['r']
		_, fromFile := flags['f']
		p.Rolling = rolling && !fromFile && !once
		p.File = flags['f']
		p.Channel = monitor.DefaultChannel
	case "squatter":
		_, p.Rolling = flags['R']
		p.Channel = string(monitor.Squatter)
	}
	if channel := flags['n']; channel != "" && p.Channel != "" {
		p.Channel = channel
	}
}

// options reads a command line as getopt(3) does: flags may stand together, a
// value may follow its flag or be the next word, and words without a dash are
// passed over.
func options(command []string, valued string) map[byte]string {
	flags := map[byte]string{}
	for i := 1; i < len(command); i++ {
		word := command[i]
		if word == "--" {
			break
		}
		if len(word) < 2 || word[0] != '-' {
			continue
		}
		for at := 1; at < len(word); at++ {
			flag := word[at]
			if !strings.Contains(valued, string(rune(flag))) {
				flags[flag] = ""
				continue
			}
			value := word[at+1:]
			if value == "" && i+1 < len(command) {
				i++
				value = command[i]
			}
			flags[flag] = value
			break
		}
	}
	return flags
}
