package ebuilds

import (
	"fmt"
	"maps"
	"slices"
)

// gentooLicenses are Gentoo's names of licenses that SPDX calls otherwise, and of
// those that both call the same.
var gentooLicenses = map[string]string{
	"0BSD": "0BSD", "Apache-2.0": "Apache-2.0", "BSD-2-Clause": "BSD-2", "BSD-2-Clause-FreeBSD": "BSD-2", "BSD-3-Clause": "BSD", "BSD-4-Clause": "BSD-4",
	"BSL-1.0": "Boost-1.0", "CC-BY-3.0": "CC-BY-3.0", "CC-BY-4.0": "CC-BY-4.0", "CC-BY-SA-4.0": "CC-BY-SA-4.0", "CC0-1.0": "CC0-1.0", "EPL-1.0": "EPL-1.0", "EPL-2.0": "EPL-2.0",
	"GPL-2.0": "GPL-2", "GPL-3.0": "GPL-3", "ISC": "ISC", "LGPL-2.1": "LGPL-2.1", "LGPL-3.0": "LGPL-3", "MIT": "MIT", "MPL-1.1": "MPL-1.1", "MPL-2.0": "MPL-2.0",
	"MPL-2.0-no-copyleft-exception": "MPL-2.0", "PSF-2.0": "PSF-2", "Python-2.0": "PSF-2", "Unicode-DFS-2016": "unicode", "Unlicense": "Unlicense", "WTFPL": "WTFPL-2", "Zlib": "ZLIB", "OpenSSL": "openssl",
}

// Licenses returns Gentoo's names of the licenses of modules, which have them by
// SPDX's, but for those in own. They are sorted, each once.
func Licenses(modules map[string][]string, own []string) ([]string, error) {
	var out []string
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		for _, id := range modules[module] {
			name, ok := gentooLicenses[id]
			if !ok {
				return nil, fmt.Errorf("module %s is under %s, and what Gentoo calls that is not known", module, id)
			}
			if !slices.Contains(own, name) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
