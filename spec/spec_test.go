package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
)

const commit = "756939600b9a7180fc2df6550a4585b638875e67"

// project writes testfork's project, for its profile of the ship.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := testfork.WriteProject(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// load reads text as the project's forks/x/fork.yaml.
func load(t *testing.T, project, text string) (Loaded, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fork.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(project, path, "forks/x/fork.yaml")
}

const whole = `name: ship
profile: ship
version: 1.4.1+acme.1
upstream:
  module: example.org/ship@v1.4.1
  commit: 756939600b9a7180fc2df6550a4585b638875e67
build:
  components: [bosun, captain]
  platforms: [linux/arm64, linux/amd64, windows/amd64, darwin/arm64]
  toolchain: go1.26.8
  symbols: true
`

func TestLoad(t *testing.T) {
	// Nothing that this fork names builds for Windows alone.
	text := strings.Replace(whole, ", windows/amd64", "", 1)
	l, err := load(t, project(t), text)
	if err != nil {
		t.Fatal(err)
	}
	if l.Name != "ship" || l.Version != "1.4.1+acme.1" || l.Parsed.String() != l.Version || l.Facts.Name != "ship" {
		t.Errorf("the fork is %+v", l)
	}
	if want := (source.Upstream{Module: "example.org/ship@v1.4.1", Commit: commit}); !reflect.DeepEqual(l.Upstream, want) {
		t.Errorf("its upstream is %+v, want %+v", l.Upstream, want)
	}
	if l.Build.Toolchain != "go1.26.8" || !l.Build.Symbols || !slices.Equal(l.Settings.Tags, []string{"sail"}) {
		t.Errorf("it is built as %+v says, with %+v", l.Build, l.Settings)
	}
	if want := "bosun captain"; names(l.Defaults) != want {
		t.Errorf("by default it builds %s, want %s", names(l.Defaults), want)
	}
	if want := "captain deckhand bosun anchor logline"; names(l.Components) != want {
		t.Errorf("it has %s, want %s", names(l.Components), want)
	}
	if want := []platform.Platform{{OS: "linux", Arch: "arm64"}, {OS: "linux", Arch: "amd64"},
		{OS: "darwin", Arch: "arm64"}}; !slices.Equal(l.Platforms, want) {
		t.Errorf("it builds for %v, want %v", l.Platforms, want)
	}
}

func names(components []cross.Component) string {
	var list []string
	for _, c := range components {
		list = append(list, c.Name)
	}
	return strings.Join(list, " ")
}

func TestLoadDefaults(t *testing.T) {
	const least = "name: ship\nversion: 1.4.1\nupstream: {module: example.org/ship@v1.4.1}\n" +
		"build: {components: [captain], platforms: [linux/amd64]}\n"
	l, err := load(t, project(t), least)
	if err != nil {
		t.Fatal(err)
	}
	if l.Profile != "ship" || l.Build.Toolchain != "" || l.Build.Symbols || l.Upstream.Commit != "" {
		t.Errorf("the defaults are %+v", l.Fork)
	}
}

func TestLoadBuiltinProfile(t *testing.T) {
	l, err := load(t, t.TempDir(),
		"name: kubernetes\nversion: 1.36.1+acme.1\nupstream: {module: k8s.io/kubernetes@v1.36.1}\n"+
			"build: {components: [kubelet], platforms: [linux/amd64]}\n")
	if err != nil || l.Facts.Name != "kubernetes" || names(l.Defaults) != "kubelet" {
		t.Errorf("Load() = %+v, %v", l, err)
	}
}

// TestLoadRefuses changes the whole fork.yaml in one place.
func TestLoadRefuses(t *testing.T) {
	dir := project(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown key", "symbols: true", "symbol: true",
			"11: build.symbol: unknown key; known here: components, platforms, mode, toolchain, symbols"},
		{"no name", "name: ship\n", "", "1: name: want the project's name, such as kubernetes"},
		{"a name with a slash", "name: ship", "name: a/b", "1: name: want the project's name, such as kubernetes"},
		{"a specifier of systemd", "name: ship", "name: '%n'", "1: name: want the project's name, such as kubernetes"},
		{"a name of two lines", "name: ship", `name: "a\nb"`, "1: name: want the project's name, such as kubernetes"},
		{"a name with a quote", "name: ship", `name: a"b`, "1: name: want the project's name, such as kubernetes"},
		{"an unknown profile", "profile: ship", "profile: schooner",
			`2: profile: unknown profile "schooner": Slipway has cni-plugins, containerd, coredns, etcd, ` +
				`flannel, kubernetes, runc; ` +
				`write your own to profiles/schooner.yaml`},
		{"a profile elsewhere", "profile: ship", "profile: ../ship",
			"2: profile: want the name of a profile, such as kubernetes"},
		{"no version", "version: 1.4.1+acme.1\n", "",
			"1: version: is missing: write the upstream's version and your revision, such as 1.36.1+acme.1"},
		{"a bad version", "1.4.1+acme.1", "v1.4.1", `3: version: "v1.4.1" is not a semantic version`},
		{"another version", "1.4.1+acme.1", "1.4.2+acme.1",
			"3: version: 1.4.2+acme.1 is not a revision of the upstream's 1.4.1: write 1.4.1+acme.1"},
		{"no upstream", "upstream:\n  module: example.org/ship@v1.4.1\n  commit: " + commit + "\n", "",
			`1: upstream: no upstream: add "module", such as k8s.io/kubernetes@v1.36.1`},
		{"no module", "  module: example.org/ship@v1.4.1\n", "",
			`4: upstream: no upstream: add "module", such as k8s.io/kubernetes@v1.36.1`},
		{"an upstream of no version", "ship@v1.4.1", "ship",
			`5: upstream.module: "example.org/ship" has no version: write example.org/ship@v1.2.3`},
		{"a short commit", commit, "7569396",
			`6: upstream.commit: "7569396" is not a commit: want 40 hex digits in lower case`},
		{"no components", "  components: [bosun, captain]\n", "",
			"7: build.components: is empty: list the components to build"},
		{"an unknown component", "bosun, captain", "bosun, purser",
			`8: build.components[1]: unknown component "purser": ship has captain, deckhand, bosun, anchor, logline`},
		{"an unknown platform", "linux/arm64", "linux/vax", `9: build.platforms[0]: unknown platform "linux/vax"`},
		{"a platform that nothing builds for", "", "",
			"9: build.platforms[2]: none of build.components builds for windows/amd64"},
		{"a bad toolchain", "go1.26.8", "1.26.8",
			`10: build.toolchain: "1.26.8" is not a Go release: write it like go1.26.8`},
		{"a vulnerability in what nothing builds", "  symbols: true\n", "  symbols: true\n" +
			"packages: {maintainer: Acme <ships@example.org>}\nvex:\n  - vulnerability: CVE-2025-13281\n" +
			"    status: under_investigation\n    components: [purser]\n",
			`16: vex[0].components[0]: unknown component "purser": ship has captain, deckhand, bosun, anchor, logline`},
		{"a vulnerability by nobody", "  symbols: true\n", "  symbols: true\n" +
			"vex:\n  - vulnerability: CVE-2025-13281\n    status: under_investigation\n",
			"12: vex: statements need an author: set packages.maintainer"},
		{"symbols in words", "symbols: true", "symbols: some", "11: build.symbols: want true or false"},
	} {
		text := strings.Replace(whole, c.old, c.new, 1)
		if c.name != "a platform that nothing builds for" {
			text = strings.Replace(text, ", windows/amd64", "", 1)
		}
		_, err := load(t, dir, text)
		if err == nil || !strings.HasPrefix(err.Error(), "forks/x/fork.yaml:"+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Load() says\n%v\nwant\nforks/x/fork.yaml:%s", c.name, err, c.want)
		}
	}
}

// TestCheckVex has patches that say something else than the file, and some that don't.
func TestCheckVex(t *testing.T) {
	l, err := load(t, project(t), strings.Replace(whole, ", windows/amd64", "", 1)+
		"packages: {maintainer: Acme <ships@example.org>}\nvex:\n  - vulnerability: cve-2025-13281\n"+
		"    status: affected\n    action: Wait.\n  - {vulnerability: CVE-2025-0001, status: fixed, impact: In 1.4.1.}\n")
	if err != nil {
		t.Fatal(err)
	}
	patch := func(name, id string) artifact.ReleasedPatch {
		return artifact.ReleasedPatch{Name: name, CVEs: []string{id}}
	}
	const want = "forks/x/fork.yaml:15: vex[0].status: CVE-2025-13281 is affected here, and fixed by a line CVE: " +
		"of 1.patch, 2.patch: remove the entry, or that line"
	err = l.CheckVex([]artifact.ReleasedPatch{patch("1.patch", "CVE-2025-13281"), patch("2.patch", "CVE-2025-13281")})
	if err == nil || err.Error() != want {
		t.Errorf("CheckVex() says\n%v\nwant\n%s", err, want)
	}
	if err := l.CheckVex([]artifact.ReleasedPatch{patch("1.patch", "CVE-2025-0001"), {Name: "2.patch"}}); err != nil {
		t.Error(err)
	}
}

// TestLoadReportsAllFaults has a fault of every stage of reading in one file.
func TestLoadReportsAllFaults(t *testing.T) {
	_, err := load(t, project(t), `nmae: x
name: ship
version: 1.4.1+acme.1
upstream:
  module: example.org/ship
  commit: HEAD
build:
  components: [captain, purser]
  platforms: [linux/amd64, linux/vax]
  symbols: [no]
`)
	want := []string{
		"forks/x/fork.yaml:1: nmae: unknown key; known here: name, profile, version, default, upstream, patches, deps, " +
			"build, packages, ebuilds",
		`forks/x/fork.yaml:5: upstream.module: "example.org/ship" has no version: `,
		`forks/x/fork.yaml:6: upstream.commit: "HEAD" is not a commit: `,
		`forks/x/fork.yaml:8: build.components[1]: unknown component "purser": `,
		`forks/x/fork.yaml:9: build.platforms[1]: unknown platform "linux/vax": `,
		"forks/x/fork.yaml:10: build.symbols: want true or false",
	}
	if err == nil {
		t.Fatal("Load() says nothing")
	}
	got := strings.Split(err.Error(), "\n")
	if len(got) != len(want) || !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("Load() says\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

// TestLoadReportsTheProfileToo has a wrong profile in the project.
func TestLoadReportsTheProfileToo(t *testing.T) {
	dir := project(t)
	if err := os.WriteFile(filepath.Join(dir, "profiles", "ship.yaml"),
		[]byte("name: ship\ncomponents:\n  - {name: captain, mane: cmd/captain}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, dir, strings.Replace(whole, commit, "HEAD", 1))
	for _, want := range []string{"profiles/ship.yaml:3: components[0].mane: unknown key",
		"forks/x/fork.yaml:6: upstream.commit: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load() says\n%v\nand not %s", err, want)
		}
	}
}

func TestLoadWhatIsNotThere(t *testing.T) {
	if _, err := Load(t.TempDir(), filepath.Join(t.TempDir(), "fork.yaml"), "forks/x/fork.yaml"); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("Load() of no file = %v", err)
	}
}

func TestValidateChangesNothing(t *testing.T) {
	f := Fork{Name: "a/b", Build: cross.Build{Components: []string{"x"}, Platforms: []string{"y"}}}
	if faults := f.Validate(); len(faults) < 4 {
		t.Errorf("Validate() finds only %q", faults)
	}
	if f.Name != "a/b" || f.Profile != "" || f.Build.Platforms[0] != "y" {
		t.Errorf("Validate() made %+v of the fork", f)
	}
}

func TestComponent(t *testing.T) {
	l, err := load(t, project(t), strings.Replace(whole, ", windows/amd64", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := l.Component("anchor"); err != nil || c.Main != "cmd/anchor" || !c.CGO {
		t.Errorf("Component(anchor) = %+v, %v", c, err)
	}
	if c, err := l.Component("purser"); err == nil ||
		err.Error() != `unknown component "purser": ship has captain, deckhand, bosun, anchor, logline` {
		t.Errorf("Component(purser) = %+v, %v", c, err)
	}
}

// TestForksOfThisProject loads each fork that Slipway itself keeps.
func TestForksOfThisProject(t *testing.T) {
	root := filepath.Join("..")
	files, err := filepath.Glob(filepath.Join(root, "forks", "*", "fork.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if _, err := Load(root, file, file); err != nil {
			t.Error(err)
		}
	}
}

const cloudConfig = `settings:
  - {section: Global, keys: [region]}
  - {section: Global, keys: [trust], kind: flag}
  - {section: Global, keys: [tries], kind: number}
  - {section: Global, keys: [password], env: OS_PASSWORD, with: [region]}
  - {versions: ">=2.0", section: Global, keys: [crew]}
`

func TestSettingsOfOpenStack(t *testing.T) {
	dir := project(t)
	section := strings.Replace(whole, ", windows/amd64", "", 1) + "openstack:\n  Global:\n"
	if _, err := load(t, dir, section+"    region: east\n"); err == nil ||
		!strings.Contains(err.Error(),
			"profile ship does not list settings of OpenStack's cloud-config: write profiles/ship/op") {
		t.Errorf("without a file in the profile: %v", err)
	}
	put(t, filepath.Join(dir, "profiles/ship/openstack.yaml"), cloudConfig)
	for text, want := range map[string]string{
		"    region: east\n    tries: 3\n    trust: true\n": "",
		"    region: east\n    tries: many\n": "forks/x/fork.yaml:15: openstack.Global.tries: is \"many\": " +
			"want a whole number",
		"    password: rope\n": "forks/x/fork.yaml:14: openstack.Global.password: a secret is only taken from the " +
			"environment: remove it, and set OS_PASSWORD where the file is rendered",
		"    crew: 3\n    deck: 4\n": "forks/x/fork.yaml:14: openstack.Global.crew: 1.4.1+acme.1 does not know this key, " +
			"only >=2.0 does\n" +
			"forks/x/fork.yaml:15: openstack.Global.deck: unknown key; 1.4.1+acme.1 knows: region, trust, tries",
	} {
		_, err := load(t, dir, section+text)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
