package ebuilds

import (
	"fmt"
	"maps"
	"slices"
)

// gentooLicenses maps SPDX's identifiers of licenses to Gentoo's names.
var gentooLicenses = map[string]string{
	"0BSD":                          "0BSD",
	"Apache-2.0":                    "Apache-2.0",
	"BSD-2-Clause":                  "BSD-2",
	"BSD-2-Clause-FreeBSD":          "BSD-2",
	"BSD-3-Clause":                  "BSD",
	"BSD-4-Clause":                  "BSD-4",
	"BSL-1.0":                       "Boost-1.0",
	"CC-BY-3.0":                     "CC-BY-3.0",
	"CC-BY-4.0":                     "CC-BY-4.0",
	"CC-BY-SA-4.0":                  "CC-BY-SA-4.0",
	"CC0-1.0":                       "CC0-1.0",
	"EPL-1.0":                       "EPL-1.0",
	"EPL-2.0":                       "EPL-2.0",
	"GPL-2.0":                       "GPL-2",
	"GPL-3.0":                       "GPL-3",
	"ISC":                           "ISC",
	"LGPL-2.1":                      "LGPL-2.1",
	"LGPL-3.0":                      "LGPL-3",
	"MIT":                           "MIT",
	"MPL-1.1":                       "MPL-1.1",
	"MPL-2.0":                       "MPL-2.0",
	"MPL-2.0-no-copyleft-exception": "MPL-2.0",
	"OpenSSL":                       "openssl",
	"PSF-2.0":                       "PSF-2",
	"Python-2.0":                    "PSF-2",
	"Unicode-DFS-2016":              "unicode",
	"Unlicense":                     "Unlicense",
	"WTFPL":                         "WTFPL-2",
	"Zlib":                          "ZLIB",
}

// Licenses returns Gentoo's names of the licenses of modules, sorted, each once,
// without those in except. modules maps a module to SPDX's identifiers of its
// licenses.
func Licenses(modules map[string][]string, except []string) ([]string, error) {
	var out []string
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		for _, id := range modules[module] {
			name, ok := gentooLicenses[id]
			if !ok {
				return nil, fmt.Errorf("module %s has the license %s, which has no known name in Gentoo", module, id)
			}
			if !slices.Contains(except, name) && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
