package cross

import (
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestBuildValidate(t *testing.T) {
	good := Build{Components: []string{"hyperkube"}, Platforms: []string{"linux/amd64"}}
	with := func(change func(*Build)) Build {
		b := good
		change(&b)
		return b
	}
	for _, c := range []struct {
		name  string
		build Build
		want  []string
	}{
		{"good", good, nil},
		{"all of it", Build{[]string{"kubectl", "kubelet"}, []string{"linux/amd64", "darwin/arm64", "windows/amd64"}, GOPATH,
			"go1.26.8", true, "fork", "softfloat", "v3", "6,softfloat", "v8.2,crypto", "power9", "rva22u64",
			map[string]C{"linux/amd64": {CC: "gcc-12", Sysroot: "./sysroots/old"}}}, nil},
		{"somebody else's commit", with(func(b *Build) { b.CommitOf = "Fork" }),
			[]string{`commit_of: "Fork": want upstream, fork, tree`}},
		{"a candidate of Go", with(func(b *Build) { b.Toolchain = "go1.27rc1" }), nil},
		{"an early Go", with(func(b *Build) { b.Toolchain = "go1.20" }), nil},
		{"nothing", Build{}, []string{"components: is empty", "platforms: is empty"}},
		{"an unknown mode", with(func(b *Build) { b.Mode = "vendor" }),
			[]string{`mode: "vendor" is not a mode: want modules or gopath`}},
		{"unknown platforms", with(func(b *Build) { b.Platforms = []string{"linux/amd64", "linux/vax", "all"} }),
			[]string{`platforms[1]: unknown platform "linux/vax"`, `platforms[2]: unknown platform "all"`}},
		{"a toolchain without go", with(func(b *Build) { b.Toolchain = "1.26.8" }),
			[]string{`toolchain: "1.26.8" is not a Go release: write it like go1.26.8`}},
		{"a toolchain by name", with(func(b *Build) { b.Toolchain = "latest" }), []string{"toolchain: "}},
		{"a language for a toolchain", with(func(b *Build) { b.Toolchain = "go1.26" }),
			[]string{`toolchain: "go1.26" is not a Go release`}},
		{"unknown processors", with(func(b *Build) { b.RISCV64, b.AMD64, b.ARM64 = "rv64", "v5", "8.0" }), []string{
			`amd64: GOAMD64 has no value "v5": want one of v1, v2, v3, v4`,
			`arm64: GOARM64 has no value "8.0": want one of v8.0, v8.1, `, `riscv64: GORISCV64 has no value "rv64"`,
		}},
		{"a component twice", with(func(b *Build) { b.Components = []string{"kubelet", "kubectl", "kubelet"} }),
			[]string{"components[2]: "}},
		{"a platform twice", with(func(b *Build) { b.Platforms = []string{"linux/amd64", "linux/amd64"} }),
			[]string{"platforms[1]: "}},
	} {
		testkit.Faults(t, c.name, c.build.Validate(), c.want...)
	}
}

func TestComponentValidate(t *testing.T) {
	for _, c := range []struct {
		name      string
		component Component
		want      []string
	}{
		{"good", Component{Name: "kubelet", Main: "cmd/kubelet"}, nil},
		{"all of it", Component{Name: "kubelet", Main: "cmd/kubelet", Versions: ">=1.5 <2",
			Platforms: []string{"linux", "windows/amd64"}, CGO: true}, nil},
		{"at the root", Component{Name: "flanneld", Main: "."}, nil},
		{"nothing", Component{}, []string{"name: want a name", "main: want the folder"}},
		{"a slash in the name", Component{Name: "a/b", Main: "a"}, []string{"name: want a name"}},
		{"a space in the name", Component{Name: "a b", Main: "a"}, []string{"name: want a name"}},
		{"a comma in the name", Component{Name: "a,b", Main: "a"}, []string{"name: want a name"}},
		{"a folder for a name", Component{Name: "..", Main: "a"}, []string{"name: want a name"}},
		{"a name that is taken", Component{Name: "build.json", Main: "a"}, []string{"name: "}},
		{"an absolute main", Component{Name: "a", Main: "/a"}, []string{"main: want the folder"}},
		{"a main outside", Component{Name: "a", Main: "../a"}, []string{"main: want the folder"}},
		{"a main just outside", Component{Name: "a", Main: ".."}, []string{"main: want the folder"}},
		{"a roundabout main", Component{Name: "a", Main: "./cmd/a"}, []string{"main: want the folder"}},
		{"a slash behind the main", Component{Name: "a", Main: "cmd/a/"}, []string{"main: want the folder"}},
		{"a bad range", Component{Name: "a", Main: "a", Versions: "new"}, []string{"versions: "}},
		{"an unknown system", Component{Name: "a", Main: "a", Platforms: []string{"linux", "linx"}},
			[]string{"platforms[1]: "}},
		{"an unknown platform", Component{Name: "a", Main: "a", Platforms: []string{"linux/vax"}},
			[]string{"platforms[0]: "}},
	} {
		testkit.Faults(t, c.name, c.component.Validate(), c.want...)
	}
}

func TestSettingsValidate(t *testing.T) {
	stamps := func(values map[string]string) Stamps {
		return Stamps{Packages: []string{"example.org/version"}, Values: values}
	}
	for _, c := range []struct {
		name     string
		settings Settings
		want     []string
	}{
		{"empty", Settings{}, nil},
		{"all of it", Settings{Versions: ">=1.36", Mode: GOPATH, ImportPath: "example.org/ship", Tags: []string{"selinux"},
			Stamps: stamps(map[string]string{
				"v": "v{{.Version}}", "c": "{{.Commit}}", "d": "{{.Date}}", "m": "{{.Minor}}{{if .Prerelease}}+{{end}}",
				"s": "clean"})}, nil},
		{"a bad mode and path", Settings{Mode: "vendor", ImportPath: "a b"},
			[]string{`mode: "vendor" is not a mode`, `import_path: "a b" is not an import path`}},
		{"a bad range", Settings{Versions: "new"}, []string{"versions: "}},
		{"a bad template", Settings{Stamps: stamps(map[string]string{"v": "{{.Version"})}, []string{"stamps.values.v: "}},
		{"a template of something else", Settings{Stamps: stamps(map[string]string{"v": "{{.Tree}}"})},
			[]string{"stamps.values.v: "}},
		{"values for no package", Settings{Stamps: Stamps{Values: map[string]string{"v": "x"}}},
			[]string{"stamps.packages: "}},
		{"packages without values", Settings{Stamps: stamps(nil)}, []string{"stamps.values: "}},
	} {
		testkit.Faults(t, c.name, c.settings.Validate(), c.want...)
	}
}
