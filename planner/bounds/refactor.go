package bounds

import "math"

// refactor computes the inverse of the basis anew, against the rounding of many
// pivots, and the parts from it. Where rounding leaves no inverse it stays as it is.
func (x *patterns) refactor() {
	m := len(x.basis)
	a := make([]float64, m*m) // columns of the basis, by row
	for c, column := range x.basis {
		x.column(column, func(row int, v float64) { a[row*m+c] += v })
	}
	inv := invert(a, m)
	if inv == nil {
		return
	}
	x.inverse = inv
	for r := range m {
		x.parts[r] = 0
		for i := range m {
			x.parts[r] += inv[r*m+i] * x.room(i)
		}
	}
}

// invert returns the inverse of a matrix of m rows, which it overwrites, or nil where
// rounding leaves none.
func invert(a []float64, m int) []float64 {
	inv := make([]float64, m*m)
	for r := range m {
		inv[r*m+r] = 1
	}
	for c := range m {
		p := c
		for r := c + 1; r < m; r++ {
			if math.Abs(a[r*m+c]) > math.Abs(a[p*m+c]) {
				p = r
			}
		}
		if math.Abs(a[p*m+c]) < 1e-13 {
			return nil
		}
		if p != c {
			for k := range m {
				a[p*m+k], a[c*m+k] = a[c*m+k], a[p*m+k]
				inv[p*m+k], inv[c*m+k] = inv[c*m+k], inv[p*m+k]
			}
		}
		f := 1 / a[c*m+c]
		for k := range m {
			a[c*m+k] *= f
			inv[c*m+k] *= f
		}
		for r := range m {
			if f := a[r*m+c]; r != c && f != 0 {
				for k := range m {
					a[r*m+k] -= f * a[c*m+k]
					inv[r*m+k] -= f * inv[c*m+k]
				}
			}
		}
	}
	return inv
}
