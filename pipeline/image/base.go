package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
)

// baseFile is the name of the lock of a base, beside fork.yaml.
const baseFile = "base.lock"

// A baseLock is base.lock: the packages of a base, by architecture.
type baseLock struct {
	Of     images.Debian            `json:"of"` // what was asked for
	Arches map[string][]debbase.Pin `json:"arches"`
}

// PinBase pins the packages of the base that images.debian asks for, in base.lock
// beside fork.yaml, for all platforms of fork.yaml that are Linux. What is pinned
// for the same settings stays as it is. now is when the signatures of the archives
// have to be valid. A fork without images.debian has no base.lock, and the set is
// empty.
func PinBase(ctx context.Context, s *build.Session, now time.Time) (artifact.Set, error) {
	f := s.Fork()
	arches := linuxArches(f.Platforms)
	if len(f.Images.Debian.Packages) == 0 || len(arches) == 0 {
		return nil, nil
	}
	old, err := readBaseLock(f)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := pin(old, f.Images.Debian, arches, func(arch string) ([]debbase.Pin, error) {
		from, err := archives(f)
		if err != nil {
			return nil, err
		}
		pins, err := debbase.Resolve(ctx, from, debbase.Arch(arch), f.Images.Debian.Packages, now)
		if err != nil {
			return nil, fmt.Errorf("%s: images.debian: %w", f.File("fork.yaml"), err)
		}
		return pins, nil
	})
	if err != nil {
		return nil, err
	}
	return l.place(s, f.File(baseFile))
}

// place writes the lock to a path of the project, if it differs from what is
// there.
func (l baseLock) place(s *build.Session, path string) (artifact.Set, error) {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, err
	}
	return s.PlaceLock(path, append(data, '\n'), "the packages of the base")
}

// pin returns a lock for architectures: the pins of old, where it is of the same
// settings, and what resolve returns for an architecture that it has no pins for.
func pin(
	old baseLock, want images.Debian, arches []string, resolve func(arch string) ([]debbase.Pin, error),
) (baseLock, error) {
	out := baseLock{Of: want, Arches: map[string][]debbase.Pin{}}
	if reflect.DeepEqual(old.Of, want) {
		maps.Copy(out.Arches, old.Arches)
	}
	for _, arch := range arches {
		if out.Arches[arch] != nil {
			continue
		}
		var err error
		if out.Arches[arch], err = resolve(arch); err != nil {
			return baseLock{}, err
		}
	}
	return out, nil
}

// readPins returns the pinned packages of the base, by architecture; none where
// images.debian asks for none. An error names what is not pinned.
func readPins(f fork.Fork, on []platform.Platform) (map[string][]debbase.Pin, error) {
	if len(f.Images.Debian.Packages) == 0 {
		return nil, nil
	}
	l, err := readBaseLock(f)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if fault := l.fault(err == nil, f.Images.Debian, linuxArches(on)); fault != "" {
		return nil, fmt.Errorf("%s %s\n  To pin them: mage patches:lock -fork=%s", f.File(baseFile), fault, f.ID)
	}
	return l.Arches, nil
}

// fault returns why images cannot be made with the lock, which may not
// exist; "" is nothing.
func (l baseLock) fault(exists bool, want images.Debian, arches []string) string {
	if exists && !reflect.DeepEqual(l.Of, want) {
		return "pins the packages of other settings than those of images.debian"
	}
	missing := slices.DeleteFunc(slices.Clone(arches), func(arch string) bool { return l.Arches[arch] != nil })
	if len(missing) == 0 {
		return ""
	}
	return "does not pin the packages of images.debian for " + strings.Join(missing, ", ")
}

// readBaseLock reads a fork's base.lock. Its error is fs.ErrNotExist where there
// is none.
func readBaseLock(f fork.Fork) (baseLock, error) {
	var l baseLock
	data, err := os.ReadFile(f.Abs(baseFile))
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("%s: %w\n  To pin the packages again, delete it, then: mage patches:lock -fork=%s",
			f.File(baseFile), err, f.ID)
	}
	return l, nil
}

// linuxArches returns the architectures of the platforms that are Linux, in their
// order, as Go names them.
func linuxArches(all []platform.Platform) []string {
	var out []string
	for _, p := range all {
		if p.OS == "linux" && !slices.Contains(out, p.Arch) {
			out = append(out, p.Arch)
		}
	}
	return out
}

// archives returns where the packages of a base come from.
func archives(f fork.Fork) ([]debbase.Archive, error) {
	out, err := debbase.Archives(f.Images.Debian.Suites, f.Project.Path(f.Images.Debian.Keyring))
	if err != nil {
		return nil, fmt.Errorf("%s: images.debian.keyring: %w", f.File("fork.yaml"), err)
	}
	return out, nil
}
