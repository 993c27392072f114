package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/event"
)

// A facts is what reading a file once says of it.
type facts struct {
	size   int64
	unread bool   // it is not the file that the record names, so it need not be read
	sha256 string // HEX
	sha512 string // HEX
	found  []program
	err    error // of a file whose members are walked, that they could not be
}

// A reader reads each file of a release once: for both digests, and for the programs in it.
type reader struct {
	*folder
	sizes map[string]int64  // of files that the record has
	look  map[string]string // the formats of the files whose members are walked
	want  wanted
	pool  sync.Pool
	facts map[string]*facts

	events event.Sink
	name   string    // of the folder, for people
	bytes  io.Writer // counts what is read
}

// readAll reads the files, several at a time, and hard links to one file only once.
func (r *reader) readAll(ctx context.Context) error {
	names, size := r.once()
	r.bytes = r.events.Bytes(event.Event{Stage: "verify", Subject: r.name}, 0, size)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range names {
		group.Go(func() error { return r.readOne(ctx, name, r.facts[name]) })
	}
	return group.Wait()
}

// once returns the names of the files to read, those first that take longest, and how many
// bytes they have.
func (r *reader) once() (names []string, size int64) {
	all := slices.Clone(r.paths)
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(r.weight(b), r.weight(a)) })
	r.facts = map[string]*facts{}
	links := map[link][]string{}
	for _, name := range all {
		info := r.files[name]
		if !r.worth(name) {
			r.facts[name] = &facts{size: info.Size(), unread: true}
			continue
		}
		key := link{info.Size(), info.ModTime().UnixNano()}
		if twin := r.twin(name, links[key]); twin != nil {
			r.facts[name] = twin
			continue
		}
		links[key] = append(links[key], name)
		r.facts[name] = &facts{}
		names, size = append(names, name), size+info.Size()
	}
	return names, size
}

// worth reports whether a file has to be read: one that is far too large, or that nobody asked
// for, is a fault without its digest.
func (r *reader) worth(name string) bool {
	size, recorded := r.sizes[name]
	if recorded {
		return size == r.files[name].Size()
	}
	return r.files[name].Size() <= maxKept
}

// weight orders files by how long they take: what is walked is decompressed as well, which is
// slowest for xz.
func (r *reader) weight(name string) int64 {
	size := r.files[name].Size()
	switch {
	case r.look[name] == "":
		return size
	case strings.HasSuffix(name, "xz"):
		return 64 * size
	}
	return 8 * size
}

// A link is what hard links to one file have in common.
type link struct{ size, time int64 }

// twin returns the facts of another name of the file, if one is read in the same way.
func (r *reader) twin(name string, others []string) *facts {
	for _, other := range others {
		if os.SameFile(r.files[name], r.files[other]) && (r.look[name] == "" || r.look[name] == r.look[other]) {
			return r.facts[other]
		}
	}
	return nil
}

// readOne reads a file into its facts. Only a file that cannot be read is an error.
func (r *reader) readOne(ctx context.Context, name string, to *facts) error {
	f, err := r.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	sum256, sum512 := sha256.New(), sha512.New()
	fan := &fan{pool: &r.pool}
	fan.add(func(in io.Reader) { io.Copy(sum256, in) }) // neither a hash nor a piece fails
	fan.add(func(in io.Reader) { io.Copy(sum512, in) })
	if format := r.look[name]; format != "" {
		fan.add(func(in io.Reader) { to.found, to.err = r.want.find(ctx, name, format, in) })
	}
	to.size, err = fan.copy(ctx, io.TeeReader(f, r.bytes))
	to.sha256, to.sha512 = hex.EncodeToString(sum256.Sum(nil)), hex.EncodeToString(sum512.Sum(nil))
	return err
}
