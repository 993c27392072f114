package overlay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/tarballs"
)

// distfileStage makes distfiles. A project keeps some beside those in
// dist/distfiles.
var distfileStage = build.Stage[distfile, stored]{
	Name: "distfiles", Revision: ebuilds.Revision, Keep: 64, Run: writeDistfile, Read: readDistfile,
}

// A distfile is a tarball that an ebuild fetches, before it is made.
type distfile struct {
	role   string // what an ebuild takes from it: the key in ebuilds.Fork.Distfiles
	name   string
	inputs string // covers all that decides its bytes, besides its name and its date
	date   time.Time
	write  func(ctx context.Context, to string) error
}

// MarshalJSON returns what decides the bytes.
func (d distfile) MarshalJSON() ([]byte, error) {
	return json.Marshal([]string{d.name, d.inputs, d.date.UTC().String()})
}

// sums are what is kept beside a distfile in the cache.
type sums struct {
	ebuilds.Distfile
	SHA256 string // hex
}

// stored is a distfile in the cache.
type stored struct {
	sums
	dir string
}

const sumsFile = "sums.json"

func readDistfile(dir string) (stored, error) {
	of, err := build.ReadJSON[sums](sumsFile)(dir)
	return stored{of, dir}, err
}

// writeDistfile writes a distfile to dst, and its sums beside it.
func writeDistfile(ctx context.Context, _ *build.Session, d distfile, dst string) error {
	to := filepath.Join(dst, d.name)
	if err := d.write(ctx, to); err != nil {
		return err
	}
	var of sums
	var err error
	if of.Distfile, err = ebuilds.Sum(to); err != nil {
		return err
	}
	if _, of.SHA256, err = cross.Sum(to); err != nil {
		return err
	}
	return build.WriteJSON(dst, sumsFile, of)
}

// distfiles returns what the ebuilds of a fork fetch, but for what each revision
// has for itself.
func distfiles(p plan, in inputs, f ebuilds.Fork) []distfile {
	date := p.input.Date
	out := []distfile{sourceDistfile(in.trees.Upstream, f.Project.Name+"-"+p.upstream, date)}
	if in.modules.dir != "" {
		out = append(out, modulesDistfile(in.modules, f.P()+"-deps.tar.xz", date))
	}
	for _, t := range byKeyword(p.targets) {
		name := f.P() + "-" + t.keyword + ".tar.xz"
		out = append(out, programsDistfile(t.keyword, name, in.binaries[t.platform], date))
	}
	if data := f.TooLarge(); data != nil {
		out = append(out, textsDistfile("patches", f.P()+"-patches.tar.xz", data, date))
	}
	return out
}

// filesDistfile is all that is not compiled, which each revision has for itself.
func filesDistfile(f ebuilds.Fork, date time.Time) (distfile, error) {
	data, err := f.Unpacked()
	return textsDistfile("files", f.PF()+"-files.tar.xz", data, date), err
}

// sourceDistfile is the upstream, below a folder root.
func sourceDistfile(up source.Tree, root string, date time.Time) distfile {
	return distfile{
		role: "source", name: root + ".tar.xz", inputs: up.Tree.Digest(), date: date,
		write: func(ctx context.Context, to string) error { return tarballs.Write(ctx, to, root, up.Dir, date) },
	}
}

// modulesDistfile is the modules that are linked.
func modulesDistfile(m modules, name string, date time.Time) distfile {
	return distfile{
		role: "deps", name: name, inputs: m.inputs, date: date,
		write: func(ctx context.Context, to string) error {
			tree, err := filetree.Scan(ctx, m.dir)
			if err != nil {
				return err
			}
			return tarballs.Write(ctx, to, "go-mod", tree, date)
		},
	}
}

// programsDistfile is what is compiled for one architecture.
func programsDistfile(keyword, name string, built build.Binaries, date time.Time) distfile {
	inputs := map[string]string{}
	for _, b := range built.All {
		inputs[b.Component] = b.SHA256
	}
	return packed(distfile{role: keyword, name: name, date: date}, inputs, func(root string) error {
		if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
			return err
		}
		for _, b := range built.All {
			to := filepath.Join(root, "bin", b.Component)
			if err := filetree.LinkOrCopy(filepath.Join(built.Dir, b.File), to, filetree.Executable); err != nil {
				return err
			}
		}
		return nil
	})
}

// textsDistfile is files that are no programs. A script among them can be run.
func textsDistfile(role, name string, files map[string][]byte, date time.Time) distfile {
	inputs := map[string]string{}
	for at, data := range files {
		inputs[at] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return packed(distfile{role: role, name: name, date: date}, inputs, func(root string) error {
		for at, data := range files {
			mode := fs.FileMode(0o644)
			if bytes.HasPrefix(data, []byte("#!")) {
				mode = 0o755
			}
			to := filepath.Join(root, at)
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, mode)); err != nil {
				return err
			}
		}
		return nil
	})
}

// packed returns d as a distfile of what fill writes below a folder, which inputs
// decides.
func packed(d distfile, inputs map[string]string, fill func(root string) error) distfile {
	data, err := json.Marshal(inputs)
	d.inputs = string(data)
	d.write = func(ctx context.Context, to string) error {
		if err != nil {
			return err
		}
		root := strings.TrimSuffix(to, ".tar.xz")
		defer os.RemoveAll(root)
		if err := fill(root); err != nil {
			return err
		}
		tree, err := filetree.Scan(ctx, root)
		if err != nil {
			return err
		}
		return tarballs.Write(ctx, to, "", tree, d.date)
	}
	return d
}
