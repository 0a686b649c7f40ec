package files

import "hash/fnv"

// recentRows is the number of rows of which it is remembered that they were there.
const recentRows = 1 << 14

// repeats notices rows that stood in the table shortly before. A small
// compressed file holds many rows only if they repeat others: those of the last
// 32 KiB, as far as gzip looks back. Rows that repeat others from further back
// are found when all is read.
type repeats [recentRows]uint64

// again reports whether a row of this identity was there before, and remembers it.
func (r *repeats) again(identity uint64) bool {
	place := &r[identity%recentRows]
	if *place == identity {
		return true
	}
	*place = identity
	return false
}

// identity returns a hash of what tells the row from all others of its table.
func (c *csvTable[T]) identity(line *record) uint64 {
	h := fnv.New64a()
	for i, known := range c.columns {
		if known != nil && known.identity {
			h.Write(line.cells[i])
			h.Write([]byte{0})
		}
	}
	return h.Sum64()
}
