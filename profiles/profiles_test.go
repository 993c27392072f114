package profiles

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

func parse(t *testing.T, s string) version.Version {
	t.Helper()
	v, err := version.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// load returns a profile that comes with Slipway.
func load(t *testing.T, name string) Profile {
	t.Helper()
	p, faults, err := Load(t.TempDir(), name)
	if err != nil || faults != nil {
		t.Fatal(name, err, faults)
	}
	return p
}

func TestBuiltin(t *testing.T) {
	if len(Names()) == 0 {
		t.Fatal("Slipway has no profiles")
	}
	for _, name := range Names() {
		p := load(t, name)
		if p.Name != name {
			t.Errorf("profiles/%s.yaml is of %q", name, p.Name)
		}
		for _, c := range p.Components {
			for _, s := range c.Platforms {
				if !slices.Contains([]string{"linux", "darwin", "windows"}, s) {
					if _, err := platform.Parse(s); err != nil {
						t.Errorf("%s, component %s: %v", name, c.Name, err)
					}
				}
			}
		}
		for i, l := range p.Layout {
			checkRange(t, name, "layout", i, l.Versions)
		}
		for i, s := range p.Build {
			checkRange(t, name, "build", i, s.Versions)
		}
		for i, c := range p.Components {
			checkRange(t, name, "components", i, c.Versions)
		}
	}
}

// checkRange checks that a row's range can be read and holds some version.
func checkRange(t *testing.T, profile, table string, row int, r version.Range) {
	t.Helper()
	if err := r.Validate(); err != nil {
		t.Errorf("%s, row %d of %s: %v", profile, row, table, err)
	}
	for n := range 400 {
		for _, patch := range []int{0, 7} {
			if r.Contains(parse(t, fmt.Sprintf("%d.%d.%d", n/100, n%100, patch))) {
				return
			}
		}
	}
	t.Errorf("%s, row %d of %s: %q holds nothing", profile, row, table, r)
}

func TestKubernetes(t *testing.T) {
	p := load(t, "kubernetes")
	for _, c := range []struct {
		version, gitVersion, gitMinor, sibling string
	}{
		{"1.36.1", "v1.36.1", "36", "v0.36.1"},
		{"1.36.1+acme.1", "v1.36.1+acme.1", "36", "v0.36.1"},
		{"1.37.0-rc.1+acme.1", "v1.37.0-rc.1+acme.1", "37+", "v0.37.0-rc.1"},
		{"1.36.0-rc.1", "v1.36.0-rc.1", "36+", "v0.36.0-rc.1"},
	} {
		v := parse(t, c.version)
		s, err := p.Settings(v)
		if err != nil {
			t.Errorf("%s: %v", c.version, err)
			continue
		}
		if want := []string{"selinux", "notest", "grpcnotrace"}; !slices.Equal(s.Tags, want) {
			t.Errorf("%s is built with the tags %q", c.version, s.Tags)
		}
		if want := []string{"k8s.io/client-go/pkg/version", "k8s.io/component-base/version"}; !slices.Equal(s.Stamps.Packages,
			want) {
			t.Errorf("%s: the stamped packages are %q", c.version, s.Stamps.Packages)
		}
		checkStamps(t, s, v, map[string]string{
			"buildDate": "2026-05-12T09:51:33Z", "gitCommit": "7569396", "gitTreeState": "clean",
			"gitVersion": c.gitVersion, "gitMajor": "1", "gitMinor": c.gitMinor,
		})
		siblings := p.LayoutAt(v).Siblings
		if len(siblings) != 1 || siblings[0].Place != "staging/src/k8s.io/*" || siblings[0].Module != "k8s.io/*" {
			t.Fatalf("%s: the siblings are %v", c.version, siblings)
		}
		if got, err := version.Expand(siblings[0].Version, v.Fields()); err != nil || got != c.sibling {
			t.Errorf("%s: the siblings' version is %s (%v), want %s", c.version, got, err, c.sibling)
		}
	}
	for _, early := range []string{"1.3.0", "1.3.10", "1.4.0-beta.1", "1.4.12", "1.5.2"} {
		v := parse(t, early+"+acme.1")
		s, err := p.Settings(v)
		if err != nil || s.Mode != cross.GOPATH || s.ImportPath != "k8s.io/kubernetes" ||
			!slices.Equal(s.Stamps.Packages, []string{"k8s.io/kubernetes/pkg/version"}) {
			t.Errorf("%s is built as %+v, %v", early, s, err)
		}
		checkStamps(t, s, v, map[string]string{
			"buildDate": "2026-05-12T09:51:33Z", "gitCommit": "7569396", "gitTreeState": "clean", "gitVersion": "v" + v.String(),
		})
	}
	if s, err := p.Settings(parse(t, "1.2.3")); err == nil ||
		!strings.Contains(err.Error(),
			"profile kubernetes does not say how 1.2.3 is compiled; "+
				"to add a row to those of Slipway, write profiles/kubernetes.yaml:\n") {
		t.Errorf("of 1.2.3 the profile says %v, %v", s, err)
	}
}

// TestKubernetesEras has the ends of each row.
func TestKubernetesEras(t *testing.T) {
	const (
		modules = "k8s.io/client-go/pkg/version k8s.io/component-base/version"
		of116   = "k8s.io/kubernetes/pkg/version k8s.io/kubernetes/cmd/kubeadm/app/version " + modules +
			" k8s.io/kubectl/pkg/version"
		of115  = "k8s.io/kubernetes/pkg/version k8s.io/kubernetes/pkg/kubectl/version k8s.io/client-go/pkg/version"
		gopath = "k8s.io/kubernetes/pkg/version k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version"
	)
	p := load(t, "kubernetes")
	for _, c := range []struct{ version, mode, tags, stamped, minor string }{
		{"1.34.0+acme.1", "", "selinux notest grpcnotrace", modules, "34"},
		{"1.33.12+acme.1", "", "selinux notest", modules, "33"},
		{"1.28.4+acme.1", "", "selinux notest", modules, "28"},
		{"1.20.0-rc.1+acme.1", "", "selinux notest", modules, "20+"},
		{"1.20.0+acme.1", "", "selinux notest", modules, "20"},
		{"1.19.16+acme.1", "", "selinux", modules, "19"},
		{"1.17.0+acme.1", "", "selinux", modules, "17"},
		{"1.16.15+acme.1", "", "selinux", of116, "16"},
		{"1.16.0+acme.1", "", "selinux", of116, "16"},
		{"1.15.12+acme.1", "", "", of115, "15"},
		{"1.14.10+acme.1", cross.GOPATH, "", gopath, "14"},
		{"1.13.0+acme.1", cross.GOPATH, "", gopath, "13"},
	} {
		v := parse(t, c.version)
		s, err := p.Settings(v)
		if err != nil {
			t.Errorf("%s: %v", c.version, err)
			continue
		}
		if got := strings.Join(s.Tags, " "); s.Mode != c.mode || got != c.tags {
			t.Errorf("%s is built in mode %q with the tags %q", c.version, s.Mode, got)
		}
		if got := strings.Join(s.Stamps.Packages, " "); got != c.stamped {
			t.Errorf("%s: the stamped packages are %s", c.version, got)
		}
		checkStamps(t, s, v, map[string]string{
			"buildDate": "2026-05-12T09:51:33Z", "gitCommit": "7569396", "gitTreeState": "clean",
			"gitVersion": "v" + c.version, "gitMajor": "1", "gitMinor": c.minor,
		})
		if siblings := p.LayoutAt(v).Siblings; len(siblings) == 0 != (c.mode == cross.GOPATH) {
			t.Errorf("%s: the siblings are %v", c.version, siblings)
		}
	}
}

func checkStamps(t *testing.T, s cross.Settings, v version.Version, want map[string]string) {
	t.Helper()
	fields := cross.StampFields{Fields: v.Fields(), Commit: "7569396", Date: "2026-05-12T09:51:33Z"}
	for name, text := range s.Stamps.Values {
		if got, err := version.Expand(text, fields); err != nil || got != want[name] {
			t.Errorf("%s: the stamp %s is %q (%v), want %q", v, name, got, err, want[name])
		}
	}
	if len(s.Stamps.Values) != len(want) {
		t.Errorf("%s: the stamps are %v", v, s.Stamps.Values)
	}
}

func TestKubernetesComponents(t *testing.T) {
	const server = "kube-apiserver kube-controller-manager kube-scheduler kube-aggregator apiextensions-apiserver mounter"
	const early, federation = "kube-apiserver kube-controller-manager kube-scheduler",
		" federation-apiserver federation-controller-manager"
	for _, c := range []struct{ version, platform, want string }{
		{"1.36.1", "linux/arm64", "hyperkube " + server +
			" kube-proxy kubelet kubeadm kube-log-runner kubectl kubectl-convert"},
		{"1.36.1", "windows/amd64", "kube-proxy kubelet kubeadm kube-log-runner kubectl kubectl-convert"},
		{"1.36.1", "darwin/arm64", "kubectl kubectl-convert"},
		{"1.21.14", "darwin/amd64", "kubectl kubectl-convert"},
		{"1.20.15", "darwin/amd64", "kubectl"},
		{"1.23.17", "windows/amd64", "kube-proxy kubelet kubeadm kube-log-runner kubectl kubectl-convert"},
		{"1.22.5", "windows/amd64", "kube-proxy kubelet kubeadm kubectl kubectl-convert"},
		{"1.17.0", "windows/amd64", "kube-proxy kubelet kubeadm kubectl"},
		{"1.16.15", "windows/amd64", "kube-proxy kubeadm kubectl"},
		{"1.16.15", "linux/amd64", "hyperkube " + server + " kube-proxy kubelet kubeadm kubectl"},
		{"1.15.12", "linux/amd64", "hyperkube kube-apiserver kube-controller-manager cloud-controller-manager " +
			"kube-scheduler kube-aggregator apiextensions-apiserver mounter kube-proxy kubelet kubeadm kubectl"},
		{"1.12.10", "linux/amd64", "hyperkube " + server + " kube-proxy kubelet kubeadm kubectl"},
		{"1.8.15", "linux/amd64", "hyperkube " + server + federation + " kubefed kube-proxy kubelet kubeadm kubectl"},
		{"1.5.2", "linux/amd64", "hyperkube " + early + " mounter kube-dns kube-discovery" + federation +
			" kubefed kube-proxy kubelet kubeadm kubectl"},
		{"1.5.2", "darwin/amd64", "kubefed kubectl"},
		{"1.4.12", "linux/amd64", "hyperkube " + early + " kube-dns" + federation + " kube-proxy kubelet kubectl"},
		{"1.3.10", "linux/amd64", "hyperkube " + early + " kube-dns" + federation + " kube-proxy kubelet kubectl"},
	} {
		on, err := platform.Parse(c.platform)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, component := range load(t, "kubernetes").ComponentsAt(parse(t, c.version)) {
			if on.In(component.Platforms) {
				got = append(got, component.Name)
			}
			early := parse(t, c.version).Fields().Minor < 17
			if early = early && (component.Name == "hyperkube" || component.Name == "kubelet"); component.CGO != early {
				t.Errorf("%s of %s needs cgo: %v", component.Name, c.version, component.CGO)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s has for %s %s, want %s", c.version, c.platform, strings.Join(got, " "), c.want)
		}
	}
}

// TestFirstRowCounts has rows that hold the same version.
func TestFirstRowCounts(t *testing.T) {
	p := Profile{
		Name: "ship",
		Layout: []source.Layout{
			{Versions: ">=1.5", Siblings: []source.Sibling{{Place: "new"}}}, {Siblings: []source.Sibling{{Place: "old"}}}},
		Build: []cross.Settings{{Versions: ">=1.5", Tags: []string{"new"}}, {Versions: ">=1.2", Tags: []string{"old"}}},
		Components: []cross.Component{
			{Name: "captain", Main: "new", Versions: ">=1.5"}, {Name: "mate", Main: "mate"}, {Name: "captain", Main: "old"}},
	}
	for version, want := range map[string]string{
		"1.5.0": "new new captain=new mate=mate", "1.4.1": "old old mate=mate captain=old",
		"1.1.0": "old - mate=mate captain=old",
	} {
		v := parse(t, version)
		got := []string{p.LayoutAt(v).Siblings[0].Place}
		if s, err := p.Settings(v); err == nil {
			got = append(got, s.Tags...)
		} else {
			got = append(got, "-")
		}
		for _, c := range p.ComponentsAt(v) {
			got = append(got, c.Name+"="+c.Main)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("at %s the tables say %q, want %s", version, got, want)
		}
	}
	if got := (Profile{}).LayoutAt(parse(t, "1.0.0")).Siblings; got != nil {
		t.Errorf("a profile without a layout has the siblings %v", got)
	}
}

func TestLoadOwn(t *testing.T) {
	project := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		file := filepath.Join(project, "profiles", name+".yaml")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("kubernetes", "name: kubernetes\ncomponents: [{name: mine, main: cmd/mine}]\n")
	p, faults, err := Load(project, "kubernetes")
	if err != nil || faults != nil || len(p.Components) != 1 || p.Components[0].Name != "mine" {
		t.Errorf("the project's profile is read as %+v, %v, %v", p, faults, err)
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"ship", "components: []\n", []string{"profiles/ship.yaml:1: components: is empty"}},
		{"ship", "name: ship\ncomponents:\n  - {name: a b, main: /x}\n  - {name: c, main: c, cgo: yes}\nlayout:\n" +
			"  - versions: new\n", []string{
			"profiles/ship.yaml:3: components[0].name: ", "profiles/ship.yaml:3: components[0].main: ",
			"profiles/ship.yaml:4: components[1].cgo: want true or false", "profiles/ship.yaml:6: layout[0].versions: "}},
		{"ship", "name: ship\ncomponents: [{name: a, main: a}]\nbuild:\n  - stamps:\n      packages: [p]\n" +
			"      values: {v: '{{.Nope}}'}\n",
			[]string{"profiles/ship.yaml:6: build[0].stamps.values.v: "}},
		{"ship", "name: schooner\ncomponents: [{name: a, main: a}]\n", []string{"profiles/ship.yaml:1: name: "}},
		{"ship", "components: [{name: a, main: a}]\n", []string{"profiles/ship.yaml:1: name: "}},
		{"ship", "name: ship\n  bad: yaml\n", []string{"profiles/ship.yaml:2: "}},
	} {
		put(c.name, c.text)
		_, faults, err := Load(project, c.name)
		for _, part := range c.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("of %q, Load() = %v, %v, want an error that says %q", c.text, faults, err, part)
			}
		}
	}
}

func TestLoadUnknown(t *testing.T) {
	p, faults, err := Load(t.TempDir(), "schooner")
	if err != nil || len(faults) != 1 || faults[0].Field != "profile" || p.Name != "" {
		t.Fatalf("Load() = %v, %v, %v", p, faults, err)
	}
	for _, part := range []string{`unknown profile "schooner"`, "Slipway has " + strings.Join(Names(), ", "),
		"profiles/schooner.yaml"} {
		if !strings.Contains(faults[0].Message, part) {
			t.Errorf("the fault says %q, and not %q", faults[0].Message, part)
		}
	}
}

// Versions that were published as a module have one, and others none.
func TestModuleAt(t *testing.T) {
	for _, c := range []struct{ profile, version, want string }{
		{"kubernetes", "1.36.1+acme.1", "k8s.io/kubernetes"},
		{"kubernetes", "1.15.0-rc.1", "k8s.io/kubernetes"},
		{"kubernetes", "1.14.10", ""},
		{"etcd", "3.5.0", "go.etcd.io/etcd/server/v3"},
		{"etcd", "3.4.45", ""},
		{"flannel", "0.14.0", "github.com/flannel-io/flannel"},
		{"cni-plugins", "0.8.2", "github.com/containernetworking/plugins"},
		{"cni-plugins", "0.8.1", ""},
		{"coredns", "1.8.0", "github.com/coredns/coredns"},
	} {
		p, faults, err := Load(t.TempDir(), c.profile)
		if err != nil || faults != nil {
			t.Fatal(err, faults)
		}
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.ModuleAt(v); got != c.want {
			t.Errorf("%s %s is the module %q, want %q", c.profile, c.version, got, c.want)
		}
	}
}
