package fork

import (
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/patches/library"
	"github.com/slipway-build/slipway/spec"
)

// SharedOf returns the patches of a series of the patch library that the fork names, for
// the fork's version.
func (f Fork) SharedOf(c spec.Carried) ([]patches.Patch, error) {
	return library.Lookup(c.Library, f.Profile, f.Parsed)
}

// Shared returns all patches that the fork has from the patch library, in the order they
// are applied. All series that do not have any for it are one error.
func (f Fork) Shared() ([]patches.Patch, error) {
	var out []patches.Patch
	var errs []error
	for i, c := range f.Carried {
		if c.Library == "" {
			continue
		}
		list, err := f.SharedOf(c)
		if err != nil {
			err = f.Refuse(fmt.Sprintf("patches[%d]", i), "%v", err)
		}
		out, errs = append(out, list...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// CarriesCommits reports whether the fork has patches that have to be fetched first.
func (f Fork) CarriesCommits() bool {
	return slices.ContainsFunc(f.Carried, func(c spec.Carried) bool { return c.Library == "" })
}
