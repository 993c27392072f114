package images

import (
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
)

// checkFaults compares faults with lines, each FIELD: MESSAGE.
func checkFaults(t *testing.T, name string, got []config.Fault, want ...string) {
	t.Helper()
	var lines []string
	for _, f := range got {
		lines = append(lines, f.Field+": "+f.Message)
	}
	if g, w := strings.Join(lines, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s: the faults are\n%s\nwant\n%s", name, g, w)
	}
}

func TestDefaulted(t *testing.T) {
	debian := Debian{Packages: []string{"cook"}}
	for _, c := range []struct {
		name     string
		in, want Settings
	}{
		{"nothing", Settings{}, Settings{Base: "scratch", Format: "oci", Compression: "zstd"}},
		{"a base", Settings{Base: "./base"}, Settings{Base: "./base", Format: "oci", Compression: "zstd"}},
		{"a base of Debian packages", Settings{Debian: debian}, Settings{Debian: debian, Format: "oci", Compression: "zstd"}},
		{"a compression", Settings{Compression: "gzip"}, Settings{Base: "scratch", Format: "oci", Compression: "gzip"}},
		{"Docker's format", Settings{Format: "docker"}, Settings{Base: "scratch", Format: "docker", Compression: "gzip"}},
		{"Docker's format and a compression", Settings{Format: "docker", Compression: "zstd"},
			Settings{Base: "scratch", Format: "docker", Compression: "zstd"}},
		{"what has no default", Settings{Source: "a", Registry: "b", With: []string{"c"}},
			Settings{Base: "scratch", Format: "oci", Compression: "zstd", Source: "a", Registry: "b", With: []string{"c"}}},
	} {
		if got := c.in.Defaulted(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Defaulted() = %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestSettings has what the section images can say, and each mistake with its
// message. What a case leaves out has its default.
func TestSettings(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0a", 32)
	const suite = "https://deb.example.org/debian bookworm"
	const notAPackage = " is not the name of a Debian package: want one like conntrack, or alternatives, " +
		"like iproute2 | iproute"
	base := func(s string) string {
		return `base: "` + s + `" is not a base: want scratch, a dir such as ./base, ` +
			`or an image by its digest, such as registry.example.org/base@sha256:…`
	}
	noSuite := func(i, s string) string {
		return `debian.suites[` + i + `]: "` + s + `" is not a suite: ` +
			`want the URL of an archive and a suite's name, such as https://deb.example.org/debian bookworm`
	}
	const allThree = "debian.packages: a base of Debian packages needs suites, a keyring, and packages or a set"
	debian := func(suites ...string) Debian {
		return Debian{Suites: suites, Keyring: "keys.gpg", Packages: []string{"cook"}}
	}
	add := func(a Addition) Settings { return Settings{Add: map[string]Addition{"ship": a}} }
	unclean := func(field, at string) string {
		return "add.ship." + field + ": \"" + at + "\" is not a clean absolute path, such as /usr/bin/kubelet"
	}
	for _, c := range []struct {
		name     string
		settings Settings
		want     []string // faults; none if the settings are right
	}{
		{"nothing", Settings{}, nil},
		{"a layout", Settings{Base: "./base"}, nil},
		{"an image by its digest", Settings{Base: "registry.example.org:5000/a/base" + digest}, nil},
		{"gzip", Settings{Compression: "gzip"}, nil},
		{"Docker's format", Settings{Format: "docker"}, nil},
		{"Docker's format with gzip", Settings{Format: "docker", Compression: "gzip"}, nil},
		{"a source", Settings{Source: "https://example.org/acme/ship"}, nil},
		{"a registry", Settings{Registry: "registry.example.org:5000/team"}, nil},
		{"another fork", Settings{With: []string{"etcd-3.7"}}, nil},
		{"Debian packages", Settings{Debian: debian(suite, suite+"-security")},
			nil},
		{"a set of Debian packages", Settings{Debian: Debian{Suites: []string{suite}, Keyring: "k", Set: "galley"}}, nil},
		{"alternatives", Settings{Debian: Debian{Suites: []string{suite}, Keyring: "k",
			Packages: []string{"iproute2 | iproute", "a|b", "libstdc++6"}}}, nil},
		{"additions", add(Addition{
			Links:   map[string]string{"/usr/bin/mate": "../../mate", "/a": "/b"},
			From:    []Programs{{Fork: "boat", Folder: "/"}, {Fork: "boat", Programs: []string{"oar"}, Folder: "/bin"}},
			Replace: []string{"/a"},
		}), nil},

		{"no name of a package", Settings{Debian: Debian{Suites: []string{suite}, Keyring: "k",
			Packages: []string{"cook", "Cook", "a |", "a (>= 1)", ""}}}, []string{
			`debian.packages[1]: "Cook"` + notAPackage, `debian.packages[2]: "a |"` + notAPackage,
			`debian.packages[3]: "a (>= 1)"` + notAPackage, `debian.packages[4]: ""` + notAPackage}},
		{"links of no paths", add(Addition{Links: map[string]string{"mate": "a", "/a/": "b", "/a/../b": "c", "/": "d"}}),
			[]string{unclean("links./", "/"), unclean("links./a/", "/a/"), unclean("links./a/../b", "/a/../b"),
				unclean("links.mate", "mate")}},
		{"links to nothing", add(Addition{Links: map[string]string{"/a": "", "/b": "x\ny"}}), []string{
			`add.ship.links./a: "" is not the target of a link: want a path, such as /hyperkube`,
			`add.ship.links./b: "x\ny" is not the target of a link: want a path, such as /hyperkube`}},
		{"a link that nobody would see", add(Addition{Links: map[string]string{"/dev/mate": "/a"}}),
			[]string{"add.ship.links./dev/mate: /dev/mate is hidden in a container: something is mounted at /dev"}},
		{"a link that removes a file", add(Addition{Links: map[string]string{"/etc/.wh.passwd": "/a"}}), []string{
			"add.ship.links./etc/.wh.passwd: /etc/.wh.passwd would remove a file: " +
				"names that begin with .wh. do that in a layer"}},
		{"programs of nobody", add(Addition{From: []Programs{{Folder: "opt"}}}),
			[]string{"add.ship.from[0]: names no fork", unclean("from[0].folder", "opt")}},
		{"what is replaced", add(Addition{Replace: []string{"/a", "b", "/a"}}),
			[]string{unclean("replace[1]", "b"), "add.ship.replace[2]: /a is listed twice"}},
		{"a tag", Settings{Base: "registry.example.org/base:v1"}, []string{base("registry.example.org/base:v1")}},
		{"a short digest", Settings{Base: "registry.example.org/base@sha256:0a"},
			[]string{base("registry.example.org/base@sha256:0a")}},
		{"a digest of capitals", Settings{Base: "Base" + digest}, []string{base("Base" + digest)}},
		{"an absolute path", Settings{Base: "/base"}, []string{base("/base")}},
		{"a compression that is unknown", Settings{Compression: "xz"},
			[]string{`compression: unknown compression "xz": want gzip or zstd`}},
		{"a format that is unknown", Settings{Format: "OCI"}, []string{`format: unknown format "OCI": want oci or docker`}},
		{"Docker's format with zstd", Settings{Format: "docker", Compression: "zstd"}, []string{"compression: " +
			"images.format: docker has no layers of zstd: want gzip, the default there, or images.format: oci"}},
		{"a source without a scheme", Settings{Source: "example.org/ship"},
			[]string{`source: "example.org/ship" is not a URL: want one like https://example.org/acme/kubernetes`}},
		{"a source that cannot be parsed", Settings{Source: "https://exa mple.org"},
			[]string{`source: "https://exa mple.org" is not a URL: want one like https://example.org/acme/kubernetes`}},
		{"a registry of capitals", Settings{Registry: "registry.example.org/Team"},
			[]string{`registry: "registry.example.org/Team" is not a registry: want one like registry.example.org/team`}},
		{"two registries", Settings{Registry: "a.example.org,b.example.org"},
			[]string{`registry: "a.example.org,b.example.org" is not a registry: want one like registry.example.org/team`}},
		{"a registry's URL", Settings{Registry: "https://registry.example.org"},
			[]string{`registry: "https://registry.example.org" is not a registry: want one like registry.example.org/team`}},
		{"Debian packages and a base", Settings{Base: "./base",
			Debian: debian(suite)},
			[]string{"debian.packages: a base of Debian packages replaces images.base: remove one of the two"}},
		{"packages alone", Settings{Debian: Debian{Packages: []string{"cook"}}}, []string{allThree}},
		{"a keyring alone", Settings{Debian: Debian{Keyring: "keys.gpg"}}, []string{allThree}},
		{"a keyring and a base", Settings{Base: "./base", Debian: Debian{Keyring: "keys.gpg"}}, []string{allThree,
			"debian.packages: a base of Debian packages replaces images.base: remove one of the two"}},
		{"no keyring", Settings{Debian: Debian{Suites: []string{suite}, Packages: []string{"cook"}}}, []string{allThree}},
		{"no suites", Settings{Debian: Debian{Keyring: "keys.gpg", Packages: []string{"cook"}}}, []string{allThree}},
		{"a suite without a URL", Settings{Debian: debian(suite, "bookworm")},
			[]string{noSuite("1", "bookworm")}},
		{"a suite with components", Settings{Debian: debian(suite + " main")},
			[]string{noSuite("0", suite+" main")}},
		{"all at once", Settings{Base: "x", Compression: "y", Source: "z", Registry: "R"}, []string{
			base("x"), `compression: unknown compression "y": want gzip or zstd`,
			`source: "z" is not a URL: want one like https://example.org/acme/kubernetes`,
			`registry: "R" is not a registry: want one like registry.example.org/team`}},
	} {
		checkFaults(t, c.name, c.settings.Defaulted().Validate(), c.want...)
	}
}
