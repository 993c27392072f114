package ebuilds

import (
	"slices"
	"testing"
)

// TestLicenses has modules by their licenses in SPDX's names, and what Gentoo
// calls them.
func TestLicenses(t *testing.T) {
	for _, c := range []struct {
		name    string
		modules map[string][]string
		except  []string
		want    []string
	}{
		{"none", nil, nil, nil},
		{"the same name", map[string][]string{"a": {"MIT"}}, nil, []string{"MIT"}},
		{"another name", map[string][]string{"a": {"BSD-3-Clause", "Zlib", "GPL-2.0"}}, nil,
			[]string{"BSD", "GPL-2", "ZLIB"}},
		{"each once", map[string][]string{"a": {"MIT", "ISC"}, "b": {"ISC"}}, nil, []string{"ISC", "MIT"}},
		{"two that Gentoo calls the same", map[string][]string{"a": {"PSF-2.0", "Python-2.0"}}, nil, []string{"PSF-2"}},
		{"without the fork's", map[string][]string{"a": {"MIT", "Apache-2.0"}}, []string{"Apache-2.0"}, []string{"MIT"}},
		{"exceptions are Gentoo's names", map[string][]string{"a": {"BSD-3-Clause"}}, []string{"BSD"}, nil},
	} {
		if got, err := Licenses(c.modules, c.except); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: Licenses() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	_, err := Licenses(map[string][]string{"example.com/b@v1.0.0": {"MIT"}, "example.com/c@v1.0.0": {"Beerware-9"}}, nil)
	want := "module example.com/c@v1.0.0 has the license Beerware-9, which has no known name in Gentoo"
	if errorText(err) != want {
		t.Errorf("Licenses() = %v, want %s", err, want)
	}
}

// TestLicensesAreAllowed shows that Check allows each name in the table.
func TestLicensesAreAllowed(t *testing.T) {
	for id, name := range gentooLicenses {
		checkWords("LICENSE", name, licenseNames, func(string, ...any) {
			t.Errorf("Check refuses %s, which is %s", name, id)
		})
	}
}
