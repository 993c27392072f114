package show

import "time"

// A curve is when parts of a count were reached, since its stage began: none, equal parts in
// between, and all. A compile is slow where packages are large, and links after the last.
type curve []time.Duration

// parts returns how many parts the curve of a count has.
func parts(total int) int { return min(total, 20) }

// reached returns the curve with those parts that have now been reached.
func (c curve) reached(done, total int, after time.Duration) curve {
	for n := parts(total); n > 0 && len(c) <= n && done*n >= total*len(c); {
		c = append(c, after)
	}
	return c
}

// at returns when a part of all was reached, from 0 to 1.
func (c curve) at(part float64) time.Duration {
	at := part * float64(len(c)-1)
	i := min(int(at), len(c)-2)
	return c[i] + time.Duration((at-float64(i))*float64(c[i+1]-c[i]))
}

// Only after some seconds does a count tell anything of what is left.
const (
	soon = 3 * time.Second // where it is known how the last run went
	late = 8 * time.Second
)

// left returns how long a stage will still take; 0 where that cannot be said. What the last
// run took from here on counts, by how much faster or slower this one is. Where this one is
// of another kind, as a compile that finds half of its packages in Go's build cache, only
// the count does.
func (s *stage) left(now time.Time) time.Duration {
	elapsed := now.Sub(s.began)
	counted := s.total > 0 && s.done <= s.total
	if !counted && s.last.Took > 0 {
		return max(0, s.last.Took-elapsed)
	}
	if !counted {
		return 0
	}
	part := float64(s.done) / float64(s.total)
	since := now.Sub(s.changed)
	if last := s.last; len(last.Curve) > 1 && elapsed >= soon {
		if at := last.Curve.at(part); at > 0 {
			pace := (elapsed - since).Seconds() / at.Seconds()
			if pace > 1./3 && pace < 3 {
				return max(0, time.Duration(pace*float64(last.Took-at))-since)
			}
		}
	}
	if s.done == 0 || elapsed < late {
		return 0
	}
	return time.Duration((1/part - 1) * float64(elapsed))
}
