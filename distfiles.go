package slipway

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

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/tarballs"
)

// A madeDistfile is one that is kept in the cache.
type madeDistfile struct {
	keptSums
	dir   string
	kept  bool
	again func() (madeDistfile, error) // makes it anew
}

// keptSums are what lies beside a distfile in the cache.
type keptSums struct {
	ebuilds.Distfile
	SHA256 string // hex
}

// programs makes the distfile with what is compiled for one architecture.
func (g *gentoo) programs(ctx context.Context, arch string) error {
	inputs := map[string]string{}
	for name, b := range g.built[arch] {
		inputs[name] = b.SHA256
	}
	return g.packed(ctx, arch, g.fork.P()+"-"+arch+".tar.xz", inputs, func(root string) error {
		if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
			return err
		}
		for name, b := range g.built[arch] {
			from := filepath.Join(g.Dir, g.workshop.fork.dist("bin", "linux_"+goArch(arch), b.File))
			if err := filetree.LinkOrCopy(from, filepath.Join(root, "bin", name), filetree.Executable); err != nil {
				return err
			}
		}
		return nil
	})
}

// texts makes a distfile of files that are no programs.
func (g *gentoo) texts(ctx context.Context, what, name string, files map[string][]byte) error {
	inputs := map[string]string{}
	for at, data := range files {
		inputs[at] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return g.packed(ctx, what, name, inputs, func(root string) error {
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

// packed makes a distfile of what lay puts into a folder. inputs stand for that.
func (g *gentoo) packed(ctx context.Context, what, name string, inputs map[string]string, lay func(root string) error) error {
	stand, err := json.Marshal(inputs)
	if err != nil {
		return err
	}
	return g.distfile(what, name, string(stand), func(to string) error {
		root := strings.TrimSuffix(to, ".tar.xz")
		defer os.RemoveAll(root)
		if err := lay(root); err != nil {
			return err
		}
		tree, err := filetree.Scan(ctx, root)
		if err != nil {
			return err
		}
		return tarballs.Write(ctx, to, "", tree, g.in.Date)
	})
}

// distfile sees to it that the fork has a distfile of that name. inputs stands for
// all that decides its bytes, besides its name and its date. It comes to lie in
// dist/distfiles when it is known that an ebuild wants it.
func (g *gentoo) distfile(what, name, inputs string, write func(name string) error) error {
	key := action.NewKey("distfiles", ebuilds.Revision, []string{name, inputs, g.in.Date.UTC().String()})
	var made func() (madeDistfile, error)
	made = func() (madeDistfile, error) {
		m := madeDistfile{again: made}
		var err error
		m.dir, m.kept, err = g.cache.Do("distfiles", key, func(dst string) error {
			g.Events.Emit(event.Event{Kind: event.Started, Stage: "distfile", Subject: name})
			return writeDistfile(filepath.Join(dst, name), write)
		})
		if err == nil {
			m.keptSums, err = readSums(m.dir)
		}
		return m, err
	}
	m, err := made()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	g.mu.Lock()
	g.fork.Distfiles[what], g.made[what] = m.Distfile, m
	g.mu.Unlock()
	if what != "files" { // whose revision is not known yet
		g.tell(m)
	}
	return nil
}

// tell says that there is a distfile.
func (g *gentoo) tell(m madeDistfile) {
	g.Events.Emit(event.Event{Kind: event.Finished, Stage: "distfile", Subject: m.Name, Detail: fmt.Sprintf("%d bytes", m.Size), Kept: m.kept})
}

// place puts a distfile into dist/distfiles.
func (g *gentoo) place(m madeDistfile) error {
	to := filepath.Join(g.Dir, "dist", "distfiles", m.Name)
	right := func() bool {
		_, sum, err := g.outputs.Sum(to)
		return err == nil && sum.String() == m.SHA256
	}
	for again := false; !right(); again = true {
		if again { // it is damaged where it is kept, too
			if err := os.RemoveAll(m.dir); err != nil {
				return err
			}
			var err error
			if m, err = m.again(); err != nil {
				return err
			}
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.RemoveAll(to), filetree.LinkOrCopy(filepath.Join(m.dir, m.Name), to, filetree.Regular)); err != nil {
			return err
		}
	}
	return nil
}

// writeDistfile writes a distfile, and its sums beside it.
func writeDistfile(name string, write func(name string) error) error {
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), write(name)); err != nil {
		return err
	}
	sums := keptSums{}
	var err error
	if sums.Distfile, err = ebuilds.Sum(name); err != nil {
		return err
	}
	if _, sums.SHA256, err = cross.Sum(name); err != nil {
		return err
	}
	data, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(name), "sums.json"), data, 0o644)
}

func readSums(dir string) (keptSums, error) {
	var sums keptSums
	data, err := os.ReadFile(filepath.Join(dir, "sums.json"))
	if err == nil {
		err = json.Unmarshal(data, &sums)
	}
	return sums, err
}
