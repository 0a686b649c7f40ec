package files

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/interlacemail/interlace/inventory"
)

// FleetLines are the store's instances as the fleet file has them: what an operator who
// keeps one writes there after a change of the layout. No server tells discover of an
// instance that the inventory does not name.
func FleetLines(s *inventory.Store) string {
	lines, err := yaml.Marshal(list(s.Instances, instanceNode))
	if err != nil {
		return err.Error() // nodes of texts can be written
	}
	return strings.TrimSuffix(string(lines), "\n")
}
