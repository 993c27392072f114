package tarball

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/tarballs"
)

// readRecord reads the record of an earlier run; an empty one where there is none that can
// be used.
func readRecord(s *build.Session, p plan) Record {
	var old Record
	data, err := os.ReadFile(s.Dist().Abs(p.fork.Dist(folder, recordFile)))
	if err != nil || json.Unmarshal(data, &old) != nil {
		return Record{}
	}
	return old
}

// record returns the record of this plan, without tarballs.
func (p plan) record(missing []Missing) Record {
	return Record{Fork: p.fork.ID, Version: p.fork.Version, Missing: append([]Missing{}, missing...), Tree: p.tree}
}

// treeKey covers all that decides what the patched tree must have, and has.
func (p plan) treeKey(l lock.Lock) action.Key {
	parts := map[string][]part{}
	for _, t := range p.tarballs {
		parts[t.file] = t.parts
	}
	return action.NewKey("tree of tarballs", tarballs.Revision, struct {
		Parts  map[string][]part
		Module bool
		Lock   string
	}{parts, p.fork.Upstream.Module != "", string(l.Encode())})
}

// keys returns a key for each tarball, by its file, that covers all that decides its bytes.
func (p plan) keys(l lock.Lock, in inputs) map[string]action.Key {
	out := map[string]action.Key{}
	for _, t := range p.tarballs { // one that another holds comes before it
		binaries, images, held := map[string]string{}, map[string]string{}, map[string]action.Key{}
		for _, part := range t.parts {
			for _, c := range part.Components {
				b := in.built[part.Platform].Get(c)
				binaries[part.On+" "+c+" "+b.File] = b.SHA256
			}
			for name := range part.Images {
				if _, digest := in.image(name, part.On); digest != "" {
					images[part.On+" "+name] = in.images.Tag + " " + digest
				}
			}
			for _, file := range part.Tarballs {
				held[file] = out[file]
			}
		}
		out[t.file] = action.NewKey("tarball", tarballs.Revision, struct {
			File, Folder string
			Parts        []part
			Date         string
			Lock         string
			Module       bool
			Binaries     map[string]string
			Images       map[string]string
			Tarballs     map[string]action.Key
		}{
			t.file, t.folder, t.parts, p.date.UTC().String(), string(l.Encode()), p.fork.Upstream.Module != "",
			binaries, images, held,
		})
	}
	return out
}

// upToDate returns the tarballs in dist, by their files, that are what would be made now.
func (p plan) upToDate(s *build.Session, in inputs, old Record) map[string]Made {
	kept := map[string]Made{}
	keys := p.keys(s.Lock(), in)
	for _, m := range old.Tarballs {
		if key, ok := keys[m.File]; ok && key == m.Inputs &&
			s.Dist().Intact(p.fork.Dist(folder, m.File), m.Size, m.SHA256) {
			kept[m.File] = m
		}
	}
	return kept
}

// encode returns the bytes of a record.
func (r Record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// archiveName returns the name of the file that an image of a platform is written to.
func archiveName(image, on string) string {
	return filepath.Base(image) + "-" + strings.ReplaceAll(on, "/", "-") + ".tar"
}
