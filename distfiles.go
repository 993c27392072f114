package slipway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	ebuilds.Distfile
	dir   string
	kept  bool
	again func() (madeDistfile, error) // makes it anew
}

// packed is a distfile of files that lie elsewhere, and of others.
func (g *gentoo) packed(ctx context.Context, what, name string, links map[string]string, data map[string][]byte) error {
	var list []string
	for at, from := range links {
		_, sum, err := cross.Sum(from)
		if err != nil {
			return err
		}
		list = append(list, at+" "+sum)
	}
	for at, content := range data {
		list = append(list, fmt.Sprintf("%s %x", at, sha256.Sum256(content)))
	}
	slices.Sort(list)
	return g.distfile(what, name, strings.Join(list, "\n"), func(to string) error {
		root := strings.TrimSuffix(to, ".tar.xz")
		defer os.RemoveAll(root)
		for at, from := range links {
			to := filepath.Join(root, at)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := filetree.LinkOrCopy(from, to, filetree.Executable); err != nil {
				return err
			}
		}
		for at, content := range data {
			mode := fs.FileMode(0o644)
			if strings.HasPrefix(string(content), "#!") {
				mode = 0o755
			}
			if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(root, at)), 0o755), os.WriteFile(filepath.Join(root, at), content, mode)); err != nil {
				return err
			}
		}
		tree, err := filetree.Scan(ctx, root)
		if err != nil {
			return err
		}
		return tarballs.Write(ctx, to, "", tree, g.date)
	})
}

// distfile sees to it that the fork has a distfile of that name. inputs stands for
// all that decides its bytes, besides its name and its date. It comes to lie in
// dist/distfiles when it is known that an ebuild wants it.
func (g *gentoo) distfile(what, name, inputs string, write func(name string) error) error {
	key := action.NewKey("distfiles", ebuilds.Revision, []string{name, inputs, g.date.UTC().String()})
	var made func() (madeDistfile, error)
	made = func() (madeDistfile, error) {
		m := madeDistfile{again: made}
		var err error
		m.dir, m.kept, err = g.cache.Do("distfiles", key, func(dst string) error {
			g.Events.Emit(event.Event{Kind: event.Started, Stage: "distfile", Subject: name})
			return writeDistfile(filepath.Join(dst, name), write)
		})
		if err == nil {
			m.Distfile, err = readSum(m.dir)
		}
		return m, err
	}
	m, err := made()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	g.fork.Distfiles[what], g.made[what] = m.Distfile, m
	return nil
}

// place puts a distfile into dist/distfiles.
func (g *gentoo) place(m madeDistfile) error {
	to := filepath.Join(g.Dir, "dist", "distfiles", m.Name)
	right := func() bool {
		have, err := ebuilds.Sum(to)
		return err == nil && have == m.Distfile
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
	g.Events.Emit(event.Event{Kind: event.Finished, Stage: "distfile", Subject: m.Name, Detail: fmt.Sprintf("%d bytes", m.Size), Kept: m.kept})
	return nil
}

// writeDistfile writes a distfile, and its sums beside it.
func writeDistfile(name string, write func(name string) error) error {
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), write(name)); err != nil {
		return err
	}
	sum, err := ebuilds.Sum(name)
	if err != nil {
		return err
	}
	data, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(name), "sums.json"), data, 0o644)
}

func readSum(dir string) (ebuilds.Distfile, error) {
	var sum ebuilds.Distfile
	data, err := os.ReadFile(filepath.Join(dir, "sums.json"))
	if err == nil {
		err = json.Unmarshal(data, &sum)
	}
	return sum, err
}
