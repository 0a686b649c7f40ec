package history

import (
	"database/sql/driver"
	"fmt"
)

// inode keeps the number of a file, of which SQL has no type: the same 64 bits
// with a sign.
type inode uint64

// Value implements [driver.Valuer].
func (n *inode) Value() (driver.Value, error) { return int64(*n), nil }

// Scan implements [database/sql.Scanner].
func (n *inode) Scan(v any) error {
	number, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%T is not the number of a file", v)
	}
	*n = inode(number)
	return nil
}
