package scaffold

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/docs/pipelines"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/version"
)

// asked are the forks that a request is for, a line each.
func asked(t *testing.T, r Request) ([]string, error) {
	t.Helper()
	known, err := readTables()
	if err != nil {
		t.Fatal(err)
	}
	r.Dir, r.Maintainer = t.TempDir(), "Mate <mate@example.org>"
	forks, err := planForks(known, r, folder{revision: "acme"})
	var lines []string
	for _, f := range forks {
		line := f.ID + " " + f.Version + " " + f.Upstream + " " + strings.Join(f.Components, ",")
		if f.Default {
			line += " default"
		}
		for _, list := range [][]string{f.Library, f.ImagesWith} {
			if len(list) > 0 {
				line += " [" + strings.Join(list, " ") + "]"
			}
		}
		lines = append(lines, line)
	}
	return lines, err
}

func TestPlanForks(t *testing.T) {
	for name, c := range map[string]struct {
		r    Request
		want []string
	}{
		"Kubernetes": {Request{Version: "1.33.5"},
			[]string{"kubernetes 1.33.5+acme.1 k8s.io/kubernetes@v1.33.5 kubelet,kubectl"}},
		"a revision of its own, in a folder of its own": {
			Request{Version: "v1.33.5+fleet.3", Name: "kubernetes-1.33", Components: []string{"kubelet"}},
			[]string{"kubernetes-1.33 1.33.5+fleet.3 k8s.io/kubernetes@v1.33.5 kubelet"}},
		"hyperkube, which upstream dropped": {Request{Version: "1.33.5", Components: []string{"hyperkube"}},
			[]string{"kubernetes 1.33.5+acme.1 k8s.io/kubernetes@v1.33.5 hyperkube [slipway:hyperkube]"}},
		"hyperkube, which upstream still had": {Request{Version: "1.16.15", Components: []string{"hyperkube"}},
			[]string{"kubernetes 1.16.15+acme.1 k8s.io/kubernetes@v1.16.15 hyperkube"}},
		"etcd": {Request{Profile: "etcd", Version: "3.6.9"}, []string{
			"etcd 3.6.9+acme.1 go.etcd.io/etcd/server/v3@v3.6.9 etcd,etcdctl,etcdutl [slipway:etcd-workspace]"}},
		"flannel that the library has nothing for": {Request{Profile: "flannel", Version: "0.22.0"},
			[]string{"flannel 0.22.0+acme.1 github.com/flannel-io/flannel@v0.22.0 flanneld"}},
	} {
		if got, err := asked(t, c.r); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: the forks are %q, %v, want %q", name, got, err, c.want)
		}
	}
	_, err := asked(t, Request{Version: "1.20.15", Components: []string{"hyperkube"}})
	if err == nil || !strings.Contains(err.Error(), "slipway:hyperkube has no patches for kubernetes 1.20.15") {
		t.Errorf("of hyperkube 1.20, the error is %v", err)
	}
}

// A control plane has each of its forks, and no other.
func TestPlanControlPlane(t *testing.T) {
	got, err := asked(t, Request{ControlPlane: true})
	if err != nil || len(got) != 4 {
		t.Fatalf("the forks are %q, %v", got, err)
	}
	for i, want := range []string{"^kubernetes .* hyperkube default .slipway:hyperkube. .etcd.$",
		"^etcd .* etcd,etcdctl,etcdutl .slipway:etcd-workspace.$", "^flannel .* flanneld .slipway:flannel-backends.$",
		"^cni-plugins .*,vrf$"} {
		if !regexp.MustCompile(want).MatchString(got[i]) {
			t.Errorf("fork %d is %q, want %s", i, got[i], want)
		}
	}
}

// A new fork has the version that Slipway's own fork of the project has.
func TestVersionsAreThoseOfForks(t *testing.T) {
	known, err := readTables()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, p := range known.Projects {
		want = append(want, p.Profile+" "+p.Version)
	}
	files, err := filepath.Glob(filepath.Join("..", "forks", "*", "fork.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		is := regexp.MustCompile(`(?s)^name: (\S+)\nversion: ([^+]+)\+`).FindStringSubmatch(string(text))
		if is == nil {
			t.Fatalf("%s has no name or version", name)
		}
		got = append(got, is[1]+" "+is[2])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("Slipway's forks are %q, and new ones %q", got, want)
	}
}

// What the tables name is there.
func TestTables(t *testing.T) {
	known, err := readTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range known.Projects {
		if _, err := version.Parse(p.Version); err != nil {
			t.Errorf("%s: %v", p.Profile, err)
		}
	}
	used := 0
	for _, p := range known.Pipelines {
		for _, from := range p.Files {
			text, err := pipelines.Files.ReadFile(from)
			if used++; err != nil || !strings.Contains(string(text), "go tool mage release:") {
				t.Errorf("%s: %s: %v", p.CI, from, err)
			}
		}
	}
	if all, err := pipelines.Files.ReadDir("."); err != nil || len(all) != used {
		t.Errorf("%d of %d pipelines are used, %v", used, len(all), err)
	}
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil || mod.Go.Version != goVersion || mod.Module.Mod.Path != slipway {
		t.Errorf("new projects have go %s, and Slipway go %s, %v", goVersion, mod.Go.Version, err)
	}
	if profiles, pipelines := Names(); len(profiles) != len(known.Projects) || len(pipelines) != 3 {
		t.Errorf("the names are %q and %q", profiles, pipelines)
	}
}

// TestExample holds that examples/acme is what init writes. Its go.mod is completed by the go command, and its
// Slipway is the checkout.
func TestExample(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(root, "examples", "acme")
	fork := filepath.Join(example, "forks", "kubernetes", "patches")
	files, _, err := plan(Request{
		Dir: t.TempDir(), Module: "example.org/acme/kubernetes-builds", Slipway: root,
		Maintainer: "Acme Platform Team <platform@example.org>", Components: []string{"kube-log-runner"},
		Version: "1.36.1", Patches: []string{filepath.Join(fork, "0001-log-runner-version.patch")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.name != "go.mod" {
			golden.Check(t, filepath.Join(example, filepath.FromSlash(f.name)), f.data)
			continue
		}
		text, err := os.ReadFile(filepath.Join(example, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(strings.ReplaceAll(string(f.data), "=> "+root, "=> ../..")) {
			if !strings.Contains(string(text), strings.TrimSpace(line)) {
				t.Errorf("go.mod of the example has no line %q", line)
			}
		}
	}
}
