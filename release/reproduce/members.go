package reproduce

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
)

// maxContent is the most that is read of an artifact at once to explain how it differs.
const maxContent = 512 << 20

// A build of an artifact is its file, or its image in a layout.
type build struct {
	side Side
	of   artifact.Released
}

func (b build) file() string { return filepath.Join(b.side.Dir, filepath.FromSlash(b.of.Path)) }

// plain reports whether the artifact is one file that has no members.
func (b build) plain() bool {
	if b.of.Kind == artifact.Image {
		return false
	}
	f := contents.FormatOf(b.of.Path)
	return f == contents.File || f == contents.Zip
}

// walk calls f for each member, those of archives inside too.
func (b build) walk(ctx context.Context, f func(contents.Member) error) error {
	if b.of.Kind == artifact.Image {
		return contents.WalkImage(ctx, contents.Image{Layout: os.DirFS(b.file()), Digest: b.of.Digest}, f)
	}
	r, err := os.Open(b.file())
	if err != nil {
		return err
	}
	defer r.Close()
	return contents.Walk(ctx, r, contents.Source{Name: b.of.Path, Nested: true}, f)
}

// An entry is a member, and the digest of its content.
type entry struct {
	contents.Member
	key string
	sum [sha256.Size]byte
}

// signature reports whether the member is a field of an rpm's signature: digests of the
// rest, and of a signed one what was left out of its digest.
func (e entry) signature() bool { return e.Part == "signature" && e.Type == contents.Field }

// where names the member from the outside in.
func (e entry) where() []string {
	var of []string
	if e.Part != "" {
		of = strings.Split(e.Part, ": ")
	}
	return append(of, e.Name)
}

// entries lists the members of an artifact.
func (b build) entries(ctx context.Context) ([]entry, error) {
	var out []entry
	err := b.each(ctx, func(e entry, r io.Reader) error {
		h := sha256.New()
		n, err := io.Copy(h, r)
		if e.Size = n; err != nil {
			return err
		}
		copy(e.sum[:], h.Sum(nil))
		out = append(out, e)
		return nil
	})
	return out, err
}

// each calls f for each member, under a key that both builds give it.
func (b build) each(ctx context.Context, f func(entry, io.Reader) error) error {
	keys := keys{seen: map[string]int{}, digests: map[string]int{}}
	return b.walk(ctx, func(m contents.Member) error {
		r := m.Reader
		m.Reader = nil
		return f(entry{Member: m, key: keys.of(m)}, r)
	})
}

// contents returns what members hold, by their keys.
func (b build) contents(ctx context.Context, keys map[string]bool) (map[string][]byte, error) {
	out := map[string][]byte{}
	if len(keys) == 0 {
		return out, nil
	}
	return out, b.each(ctx, func(e entry, r io.Reader) error {
		if !keys[e.key] {
			return nil
		}
		var err error
		out[e.key], err = read(r)
		return err
	})
}

// whole returns the file of an artifact, without a signature around it.
func (b build) whole() ([]byte, error) {
	f, err := os.Open(b.file())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := read(f)
	if err != nil || b.of.Unsigned == "" {
		return data, err
	}
	if block, _ := clearsign.Decode(data); block != nil {
		return block.Plaintext, nil
	}
	return data, nil
}

// read reads what is small enough to be compared byte by byte.
func read(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, maxContent+1))
	if n > maxContent {
		return nil, fmt.Errorf("it has more than %d bytes, which is as far as is read", maxContent)
	}
	return b.Bytes(), err
}

// keys gives the members of one build their keys: the same in both builds, though files
// are compressed by another program, or are named by their digests.
type keys struct {
	seen    map[string]int // how often a name was given
	digests map[string]int // the number of each, in the order they were met
}

var (
	compression = regexp.MustCompile(`\.(gz|xz|zst)(: |$)`)
	hexDigest   = regexp.MustCompile(`[0-9a-f]{64}`)
)

func (k keys) of(m contents.Member) string {
	key := compression.ReplaceAllString(m.Part, "$2") + "\x00" + strings.TrimPrefix(m.Name, "./")
	key = hexDigest.ReplaceAllStringFunc(key, func(hex string) string {
		if k.digests[hex] == 0 {
			k.digests[hex] = len(k.digests) + 1
		}
		return fmt.Sprintf("digest %d", k.digests[hex])
	})
	k.seen[key]++
	return fmt.Sprintf("%s\x00%d", key, k.seen[key])
}

// A pair is a member of both builds.
type pair struct{ want, got entry }

// compareMembers returns what differs between members but for their content, and those
// whose content does.
func compareMembers(want, got []entry) (found []Finding, differ []pair) {
	made := map[string]entry{}
	for _, e := range got {
		made[e.key] = e
	}
	asked := map[string]bool{}
	for _, w := range want {
		asked[w.key] = true
		g, ok := made[w.key]
		if !ok {
			found = append(found, Finding{Where: w.where(), What: "is missing", derived: w.signature()})
			continue
		}
		found = append(found, compareHeaders(w, g)...)
		if w.sum != g.sum {
			differ = append(differ, pair{w, g})
		}
	}
	for _, g := range got {
		if !asked[g.key] {
			found = append(found, Finding{Where: g.where(), What: "was added", derived: g.signature()})
		}
	}
	return append(found, compareOrder(want, got, made, asked)...), differ
}

// compareHeaders returns the fields of a member's header that differ.
func compareHeaders(w, g entry) []Finding {
	var found []Finding
	for _, f := range []struct{ what, want, got string }{
		{"name", w.Name, g.Name},
		{"type", string(w.Type), string(g.Type)},
		{"mode", fmt.Sprintf("%04o", w.Mode), fmt.Sprintf("%04o", g.Mode)},
		{"owner", ownerOf(w), ownerOf(g)},
		{"time", w.Time.UTC().Format(time.RFC3339Nano), g.Time.UTC().Format(time.RFC3339Nano)},
		{"link", w.Link, g.Link},
		{"attributes", attributes(w), attributes(g)},
	} {
		if f.want != f.got {
			of := Finding{Where: w.where(), What: f.what, Want: f.want, Got: f.got, header: true}
			of.derived = f.what == "name" && onlyDigests(f.want, f.got)
			found = append(found, of)
		}
	}
	return found
}

func ownerOf(e entry) string { return fmt.Sprintf("%d:%d %s:%s", e.UID, e.GID, e.User, e.Group) }

func attributes(e entry) string {
	if maps.Equal(e.Attrs, map[string]string{}) {
		return ""
	}
	return fmt.Sprint(e.Attrs) // sorted by key
}

// compareOrder returns where the order of members that both have differs first.
func compareOrder(want, got []entry, made map[string]entry, asked map[string]bool) []Finding {
	at := 0
	for _, w := range want {
		if _, ok := made[w.key]; !ok {
			continue
		}
		for at < len(got) && !asked[got[at].key] {
			at++
		}
		if got[at].key != w.key {
			return []Finding{{Where: w.where(), What: "order of members", Want: w.Name, Got: got[at].Name}}
		}
		at++
	}
	return nil
}
