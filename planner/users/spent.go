package users

// spent reports whether what is left of the budget is too little to move anything
// that should still move: torn groups, and what is on stores that drain or that
// are as full as the fullest.
func (s *seeker) spent(a *attempt) bool {
	for n := range s.size() {
		i := int32(n)
		at := a.at[i]
		if !s.movable(i) || a.moved(i) || at != apart && !s.Drains[at] && a.peakOf(at) < a.peak {
			continue
		}
		if bytes, users := s.least(i); a.affords(bytes, users) {
			return false
		}
	}
	return true
}

// least returns what moving the number costs at least: torn groups come together
// where most of them is.
func (p *problem) least(i int32) (bytes, users int64) {
	var most, many int64
	for _, part := range p.parts(i) {
		most, many = max(most, p.Pieces[part].Bytes), max(many, int64(p.Pieces[part].Users))
	}
	return p.piece(i).Bytes - most, int64(p.piece(i).Users) - many
}
