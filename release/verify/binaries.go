package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
)

// A program is a member of an artifact that is a component's binary, or is named like one.
type program struct {
	member string // as contents names it
	name   string // the last element of its path, without .exe
	digest string // sha256:HEX
	runs   bool   // it is an executable in the format of a system, or a script
}

// wanted is which members of artifacts are looked at: those of a component's name, and
// those of a binary's size, for a binary may have another name there.
type wanted struct {
	names map[string]bool
	sizes map[int64]bool
}

func want(r artifact.Release) wanted {
	w := wanted{map[string]bool{}, map[int64]bool{}}
	for _, a := range r.Kind(artifact.Binary) {
		w.names[a.Name], w.sizes[a.Size] = true, true
	}
	for _, a := range r.Artifacts {
		for _, component := range a.Holds {
			w.names[component] = true
		}
	}
	return w
}

// find returns the programs in an artifact.
func (w wanted) find(ctx context.Context, name, format string, in io.Reader) ([]program, error) {
	var out []program
	s := contents.Source{Name: name, Format: format, Nested: true}
	err := contents.Walk(ctx, in, s, func(m contents.Member) error {
		base := strings.TrimSuffix(path.Base(m.Path()), ".exe")
		if m.Type != contents.Regular || m.Opened || !w.names[base] && !w.sizes[m.Size] {
			return nil
		}
		head := make([]byte, 4)
		n, err := io.ReadFull(m.Reader, head)
		if n == 0 {
			return nil // empty
		}
		sum := sha256.New()
		sum.Write(head[:n])
		switch {
		case err == nil:
			_, err = io.Copy(sum, m.Reader)
		case errors.Is(err, io.ErrUnexpectedEOF): // it is shorter than head
			err = nil
		}
		out = append(out, program{m.String(), base, "sha256:" + hex.EncodeToString(sum.Sum(nil)), runs(m, head[:n])})
		return err
	})
	return out, err
}

// runs reports whether a member is a program: one that a system loads, or a script in a
// folder of programs. Hooks and init scripts below etc may be named like what they start.
func runs(m contents.Member, head []byte) bool {
	for _, magic := range []string{"\x7fELF", "MZ", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if strings.HasPrefix(string(head), magic) {
			return true
		}
	}
	dir := path.Base(path.Dir(m.Path()))
	return m.Mode&0o111 != 0 && (dir == "bin" || dir == "sbin")
}

// A build is a component for a platform.
type build struct{ component, platform string }

// A place is where an artifact's programs are looked for: a file, or the layers of the
// image of a platform.
type place struct {
	where    string
	platform string // "" where it is for all
	files    []string
}

// checkBinaries checks that each artifact holds the binaries that the record says, with the
// digests that they have by themselves, and no other program of their names.
func (v *verification) checkBinaries() Check {
	c := Check{Name: "binaries", Of: "binaries in packages, images and tarballs, with the digests that they have in bin"}
	binaries := map[build]string{}
	for _, a := range v.release.Kind(artifact.Binary) {
		key := build{a.Name, a.Platform}
		if old := binaries[key]; old != "" && old != a.Digest {
			c.fault(a.Path, publish, "it is a second binary of %s for %s, with another digest", a.Name, a.Platform)
		}
		binaries[key] = a.Digest
	}
	alone := len(binaries) > 0
	for _, a := range v.release.Artifacts {
		if len(a.Holds) == 0 || a.Kind == artifact.Binary {
			continue
		}
		for _, p := range v.places(a) {
			found, ok := v.programs(&c, a, p)
			if ok && !alone {
				agree(binaries, a, p, found)
			}
			if ok {
				held{a.Holds, binaries, alone}.check(&c, p, found)
			}
		}
	}
	return c.done()
}

// agree takes the programs of a place for the binaries, where a release has none by
// themselves and no other place had them before: then all places have to hold the same.
func agree(binaries map[build]string, a artifact.Released, p place, found []program) {
	for _, f := range found {
		key := build{f.name, p.platform}
		if f.runs && binaries[key] == "" && slices.Contains(a.Holds, f.name) {
			binaries[key] = f.digest
		}
	}
}

// places returns where the binaries of an artifact are.
func (v *verification) places(a artifact.Released) []place {
	if a.Kind != artifact.Image {
		return []place{{where: a.Path, platform: a.Platform, files: []string{a.Path}}}
	}
	var out []place
	for _, i := range v.images {
		for _, one := range i.Images {
			// An image that cannot be opened is another check's fault.
			if files, ok := i.layers[one.Digest]; ok && i.Digest == a.Digest && i.Name == a.Name {
				out = append(out, place{i.name(one.Platform), one.Platform, files})
			}
		}
	}
	return out
}

// programs returns what is in a place, and whether that could be read.
func (v *verification) programs(c *Check, a artifact.Released, p place) (found []program, ok bool) {
	for _, file := range p.files {
		facts := v.facts[file]
		if facts == nil || facts.unread {
			return nil, false // it is missing, or another file: another check's fault
		}
		if facts.err != nil {
			c.fault(p.where, again, "its members cannot be read: %v", facts.err)
			return nil, false
		}
		for _, one := range facts.found {
			if a.Kind == artifact.Image {
				one.member = file + ": " + one.member
			}
			found = append(found, one)
		}
	}
	return found, true
}

// A held is what a place has to hold.
type held struct {
	components []string
	binaries   map[build]string // their digests
	alone      bool             // the release has binaries by themselves, so each has to be found
}

func (h held) check(c *Check, p place, found []program) {
	for _, component := range h.components {
		right := digestsOf(h.binaries, component, p.platform)
		switch {
		case slices.ContainsFunc(found, func(f program) bool { return slices.Contains(right, f.digest) }):
			c.Count++
		case !h.alone: // it may have another name there
		case len(right) == 0:
			c.fault(p.where, publish, "it holds %s, but artifacts.json has no binary of it for %s", component, p.platform)
		default:
			c.fault(p.where, publish, "it does not hold the binary of %s: no member has the digest %s", component,
				strings.Join(right, " or "))
		}
	}
	for _, f := range found {
		right := digestsOf(h.binaries, f.name, p.platform)
		if f.runs && len(right) > 0 && !slices.Contains(right, f.digest) {
			c.fault(p.where+": "+f.member, publish, "it is another %s: its digest is %s, and that of the release's binary is %s",
				f.name, f.digest, strings.Join(right, " or "))
		}
	}
}

// digestsOf returns the digest of a component's binary for a platform; all that it has,
// where the platform is "".
func digestsOf(binaries map[build]string, component, platform string) []string {
	out := map[string]bool{}
	for key, digest := range binaries {
		if key.component == component && (platform == "" || key.platform == platform) {
			out[digest] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}
