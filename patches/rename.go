package patches

import (
	"bytes"
	"hash/fnv"
	"maps"
	"path"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// renames finds files of one upstream in the next by what is in them, with git's
// measure: at least half of the larger file is in both.
type renames struct {
	before, after filetree.Dir
	added         []filetree.Entry     // files that only after has; set by the first find
	gone          map[filetree.Sum]int // sums of files that only before has
	chunks        map[string]chunks
	found         map[string]string
}

// half is the least likeness of a renamed file, and alike that at which the name
// of the file decides between several.
const half, alike = 0.5, 0.75

// find returns the path that upstream renamed a file to, "" if it did not.
func (r *renames) find(name string) string {
	e, ok := r.before.Tree.Lookup(name)
	if _, stays := r.after.Tree.Lookup(name); !ok || stays || e.Mode == filetree.Link || e.Size == 0 {
		return ""
	}
	if r.found == nil {
		r.compare()
	}
	to, ok := r.found[name]
	if !ok {
		if to = r.same(e); to == "" {
			to = r.like(e)
		}
		r.found[name] = to
	}
	return to
}

// compare lists what only one of the two upstreams has.
func (r *renames) compare() {
	r.found, r.gone, r.chunks = map[string]string{}, map[filetree.Sum]int{}, map[string]chunks{}
	for _, e := range r.after.Tree {
		if _, ok := r.before.Tree.Lookup(e.Path); !ok && e.Mode != filetree.Link && e.Size > 0 {
			r.added = append(r.added, e)
		}
	}
	for _, e := range r.before.Tree {
		if _, ok := r.after.Tree.Lookup(e.Path); !ok {
			r.gone[e.Sum]++
		}
	}
}

// same returns the added file that has the content of e, one of its name first.
func (r *renames) same(e filetree.Entry) string {
	to := ""
	for _, a := range r.added {
		if a.Sum == e.Sum && (to == "" || path.Base(a.Path) == path.Base(e.Path)) {
			to = a.Path
		}
	}
	return to
}

// like returns the added file that is most like e.
func (r *renames) like(e filetree.Entry) string {
	data, err := r.before.ReadFile(e.Path)
	if err != nil {
		return ""
	}
	source := chunksOf(data)
	to, best := "", 0.0
	for _, a := range r.added {
		if min(a.Size, e.Size)*2 < max(a.Size, e.Size) || r.gone[a.Sum] > 0 {
			continue // too small or too large, or another file renamed as it was
		}
		score := source.likeness(r.chunksAt(a.Path))
		if score >= alike && path.Base(a.Path) == path.Base(e.Path) {
			return a.Path
		}
		if score >= half && score > best {
			to, best = a.Path, score
		}
	}
	return to
}

// chunksAt returns the chunks of a file of the new upstream. One that cannot be
// read is like no other.
func (r *renames) chunksAt(name string) chunks {
	c, ok := r.chunks[name]
	if !ok {
		if data, err := r.after.ReadFile(name); err == nil {
			c = chunksOf(data)
		}
		r.chunks[name] = c
	}
	return c
}

// chunks are the lines of a file, or pieces of long ones: by their hash, how many
// bytes of it they are.
type chunks struct {
	size  int
	bytes map[uint64]int
}

func chunksOf(data []byte) chunks {
	const longest = 64
	c := chunks{size: len(data), bytes: map[uint64]int{}}
	for len(data) > 0 {
		n := min(len(data), longest)
		if i := bytes.IndexByte(data[:n], '\n'); i >= 0 {
			n = i + 1
		}
		h := fnv.New64a()
		_, _ = h.Write(data[:n])
		c.bytes[h.Sum64()] += n
		data = data[n:]
	}
	return c
}

// likeness returns how much of the larger of two files is in both, from 0 to 1.
func (c chunks) likeness(d chunks) float64 {
	both := 0
	for hash, n := range c.bytes {
		both += min(n, d.bytes[hash])
	}
	return float64(both) / float64(max(c.size, d.size, 1))
}

// renamedBy returns the files that a patch renames, whether it says so or deletes
// one and makes another much like it: the new path by the old one.
func renamedBy(m move) map[string]string {
	out, taken := map[string]string{}, map[string]bool{}
	for _, d := range m.diffs {
		if d.Old != "" && d.New != "" && d.Old != d.New && !d.Copy && m.theirs[d.Old] == nil && m.base[d.New] == nil {
			out[d.Old], taken[d.New] = d.New, true
		}
	}
	for _, from := range slices.Sorted(maps.Keys(m.base)) {
		if was := m.base[from]; was == nil || m.theirs[from] != nil || out[from] != "" || len(was.lines) == 0 {
			continue
		}
		source := chunksOf(m.base[from].content())
		to, best := "", 0.0
		for _, name := range slices.Sorted(maps.Keys(m.theirs)) {
			if m.theirs[name] == nil || m.base[name] != nil || taken[name] {
				continue
			}
			if score := source.likeness(chunksOf(m.theirs[name].content())); score >= half && score > best {
				to, best = name, score
			}
		}
		if to != "" {
			out[from], taken[to] = to, true
		}
	}
	return out
}
