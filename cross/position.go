package cross

import "slices"

// A position is how far go build is in its packages. It tells only of those that it compiles,
// and not of those that it finds in its build cache.
type position struct {
	packages []string
	places   map[string]int // of packages; of one that has been compiled, -1
	latest   []int          // places of those that it told of last
	compiled int
	passed   int // packages before the place where it works
	cached   int // of these, those that it has not told of
}

// ahead is how many packages may begin before another one that they come after, because
// that has to wait for what it imports.
const ahead = 32

func newPosition(packages []string) *position {
	p := &position{packages: packages, places: make(map[string]int, len(packages))}
	for i, name := range packages {
		p.places[name] = i
	}
	return p
}

// compiles notes that a package is compiled. It returns how many are done with it, and of how
// many.
func (p *position) compiles(name string) (done, total int) {
	p.compiled++
	if place, ok := p.places[name]; ok && place >= 0 {
		p.places[name] = -1
		if place < p.passed { // it had to wait
			p.cached--
		}
		p.latest = append(p.latest[max(0, len(p.latest)-ahead+1):], place)
		for low := slices.Min(p.latest); p.passed < low; p.passed++ {
			if p.places[p.packages[p.passed]] >= 0 {
				p.cached++
			}
		}
	}
	done = p.compiled + p.cached
	return done, max(done, len(p.packages))
}
