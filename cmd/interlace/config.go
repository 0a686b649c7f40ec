package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// config is the configuration: flags before environment before file before default.
type config struct {
	DB          string
	Fleet       string
	KeepSource  time.Duration
	Monitor     monitorConfig
	Apply       applyConfig
	IMAP        access
	Connections int

	servers   map[string]*access // that differ from IMAP, by server
	instances map[string]*access // that differ, by the address of their IMAP service
	keys      []key
	mistakes  []mistake
	doubts    []mistake // which keep nobody from work
}

// key is one setting.
type key struct {
	path    string // such as imap.password_file
	value   value
	about   string // what it means, and what holds without it
	example string // a value, in YAML
	origin  string
	place   place // where it is set; zero: nowhere
	wrong   bool  // what is set there is no value
}

// chapter is a heading of the help and the keys below it.
type chapter struct {
	title string
	keys  []key
}

// env returns the name of the environment variable that sets the key.
func (k *key) env() string {
	return "INTERLACE_" + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

// fromFlag reports whether a flag has set the key.
func (k *key) fromFlag() bool { return strings.HasPrefix(k.origin, "flag") }

// newConfig returns the defaults.
func newConfig() *config {
	c := &config{servers: map[string]*access{}, instances: map[string]*access{}}
	for _, chapter := range c.chapters() {
		c.keys = append(c.keys, chapter.keys...)
	}
	for i := range c.keys {
		c.keys[i].origin = "default"
	}
	return c
}

// chapters are all keys, each with its help.
func (c *config) chapters() []chapter {
	return slices.Concat([]chapter{
		{"WHERE FACTS ARE KEPT", []key{
			{
				path: "db", value: file(&c.DB, "interlace.db"), example: "/var/lib/interlace/interlace.db",
				about: "the database: inventories, alerts, what is yet to be sent. What watch measures lies beside it, in interlace-history.db, and may be thrown away",
			},
			{
				path: "fleet", value: file(&c.Fleet, ""), example: "/etc/interlace/fleet.yaml",
				about: "the fleet file, which then is the inventory; without it the newest inventory in the database is",
			},
			{
				path: "keep_source", value: duration(&c.KeepSource, "14d"), example: "14d",
				about: "how long a user who has moved stays on the disks that he came from; with less than a day he is deleted there though no log says whether somebody still comes",
			},
		}},
		{"HOW INTERLACE LOGS IN", append(append(accessKeys("imap", &c.IMAP, "starttls"),
			key{
				path: "imap.connections", value: count(&c.Connections, 1), example: "4",
				about: "how many connections to a server discover, compare, and those who read messages whole (apply, confirm) have at the same time",
			},
		), syncKeys(&c.Apply)...)},
	}, monitorChapters(&c.Monitor), []chapter{
		{"HOW APPLY CHANGES SERVERS", applyKeys(&c.Apply)},
	})
}

// accessKeys are the keys that say how to log in.
func accessKeys(prefix string, to *access, tls string) []key {
	return []key{
		{
			path: prefix + ".user", value: text(&to.User), origin: "default", example: "admin",
			about: "an administrator of the instances, whom discover logs in as",
		},
		{
			path: prefix + ".password_file", value: file(&to.PasswordFile, ""), origin: "default", example: "/etc/interlace/imap-password",
			about: "holds his password in its only line; mode 600",
		},
		{
			path: prefix + ".tls", value: choice(&to.TLS, tls, "tls", "starttls", "none"), origin: "default", example: "tls",
			about: "how connections are encrypted; none only where the server is this machine",
		},
		{
			path: prefix + ".ca_file", value: file(&to.CAFile, ""), origin: "default", example: "/etc/ssl/certs/our-ca.pem",
			about: "certificates, in PEM form, of those who sign the servers'; without it those that this machine trusts",
		},
	}
}

// differing adds the keys of a server or an instance that has its own access.
func (c *config) differing(section, name string) {
	to := &access{}
	if section == "imap.servers" {
		c.servers[name] = to
	} else {
		c.instances[name] = to
	}
	c.keys = append(c.keys, accessKeys(section+"."+name, to, "")...)
}

// find returns the key of the path, or nil.
func (c *config) find(path string) *key {
	for i := range c.keys {
		if c.keys[i].path == path {
			return &c.keys[i]
		}
	}
	return nil
}

// isSection reports whether keys lie below the path.
func (c *config) isSection(path string) bool {
	if named(path) {
		return true
	}
	for i := range c.keys {
		if strings.HasPrefix(c.keys[i].path, path+".") {
			return true
		}
	}
	return false
}

// named reports whether the keys of the section are names: of servers, or of the
// addresses of instances.
func named(path string) bool { return path == "imap.servers" || path == "imap.instances" }

// readConfig reads the configuration file, then the environment, then the flags. An
// error means that the file cannot be read; what is wrong in it and elsewhere is
// among the mistakes.
func readConfig(ctx context.Context, path string, flags *pflag.FlagSet) (*config, error) {
	c := newConfig()
	if err := c.readFile(ctx, path); err != nil {
		return c, err
	}
	for i := range c.keys {
		k := &c.keys[i]
		if raw := os.Getenv(k.env()); raw != "" {
			c.enter(place{file: k.env()}, "", k.fromText(raw, "", "environment "+k.env(), place{file: k.env()}))
		}
	}
	for _, name := range []string{"db", "fleet"} {
		if f := flags.Lookup(name); f != nil && f.Changed {
			at := place{file: "--" + name}
			c.enter(at, "", c.find(name).fromText(f.Value.String(), "", "flag --"+name, at))
		}
	}
	c.useCredentials()
	c.enter(place{}, "", errors.Join(c.checkTelling(), c.checkOrder()))
	return c, nil
}

// misspelt names environment variables that set nothing and look like those that
// do. Others that begin alike may belong to somebody else.
func (c *config) misspelt() []string {
	known := []string{"INTERLACE_CONFIG"}
	for i := range c.keys {
		known = append(known, c.keys[i].env())
	}
	var list []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "INTERLACE_") || os.Getenv(name) == "" || slices.Contains(known, name) {
			continue
		}
		if meant := inventory.Nearest(name, known); meant != "" {
			list = append(list, fmt.Sprintf("the environment variable %s sets nothing and looks like %s", inventory.Printable(name), meant))
		}
	}
	slices.Sort(list)
	return list
}

// places are where the configuration is looked for if no file is named.
var places = []string{"interlace.yaml", "/etc/interlace/interlace.yaml"}

func (c *config) readFile(ctx context.Context, path string) error {
	if path == "" {
		path = os.Getenv("INTERLACE_CONFIG")
	}
	if path != "" {
		text, err := readLimited(ctx, path, maxConfig)
		if err != nil {
			return unread(err, path)
		}
		c.parse(path, text)
		return nil
	}
	for _, path := range places {
		text, err := readLimited(ctx, path, maxConfig)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return unread(err, path)
		}
		c.parse(path, text)
		return nil
	}
	return nil
}

// unread is the error of a configuration that could not be read.
func unread(err error, path string) error {
	return hint(fmt.Errorf("read the configuration: %w", err), "%s", unreadHint(err, path, "--config FILE, or INTERLACE_CONFIG, names the configuration file; without it ./interlace.yaml is read, else "+places[1]))
}

// maxConfig is the largest configuration file.
const maxConfig = 1 << 20

// parse enters the settings of a configuration file, and its mistakes.
func (c *config) parse(path string, content []byte) {
	p := configParser{config: c, path: path}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		p.syntax(err)
	} else if doc.Kind != 0 {
		p.mapping("", doc.Content[0])
	}
}

// configParser walks through a configuration file and gathers all mistakes.
type configParser struct {
	config *config
	path   string
}

func (p *configParser) at(n *yaml.Node) place { return place{p.path, n.Line, n.Column} }

func (p *configParser) mistake(n *yaml.Node, hint, format string, args ...any) {
	p.config.mistakes = append(p.config.mistakes, mistake{p.at(n), fmt.Sprintf(format, args...), hint})
}

// yamlLine is how the YAML parser says where it stopped.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// syntax enters what the YAML parser says.
func (p *configParser) syntax(err error) {
	at, said := &yaml.Node{Line: 1, Column: 1}, err.Error()
	if m := yamlLine.FindStringSubmatch(said); m != nil {
		said = m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			at.Line = line
		}
	}
	p.mistake(at, "", "%s", said)
}

func (p *configParser) mapping(prefix string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.mistake(n, "", "%s is not a mapping of keys to values", cmp.Or(prefix, "the configuration"))
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		p.entry(prefix, n.Content[i], n.Content[i+1], seen)
	}
}

func (p *configParser) entry(prefix string, name, child *yaml.Node, seen map[string]bool) {
	path := strings.TrimPrefix(prefix+"."+name.Value, ".")
	if named(prefix) && !seen[path] {
		p.config.differing(prefix, name.Value)
	}
	switch k := p.config.find(path); {
	case seen[path]:
		p.mistake(name, "", "%s is set twice", path)
	case k != nil:
		at := p.at(child)
		p.config.enter(at, path, k.set(child, filepath.Dir(p.path), fmt.Sprintf("%s:%d", p.path, child.Line), at))
	case p.config.isSection(path):
		p.mapping(path, child)
	default:
		p.mistake(name, p.config.near(path), "unknown key %s", inventory.Printable(path))
	}
	seen[path] = true
}

// near hints at the key that was meant.
func (c *config) near(path string) string {
	var candidates []string
	for i := range c.keys {
		candidates = append(candidates, c.keys[i].path)
		if section, _, ok := strings.Cut(c.keys[i].path, "."); ok {
			candidates = append(candidates, section)
		}
	}
	return nearest(path, candidates)
}
