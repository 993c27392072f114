package profiles

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// A pod is what of one is looked at.
type pod struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		HostNetwork bool
		Containers  []struct {
			Name, Image  string
			Args         []string
			Env          []struct{ Name, Value string }
			VolumeMounts []struct{ Name, MountPath string }
		}
		Volumes []struct {
			Name     string
			HostPath struct{ Path string }
		}
	}
}

var absolute = regexp.MustCompile(`^(?:--[a-z-]+=)?(/[^,]+)$`)

// TestPods renders the pods of each project with the options of its packages. What
// the options name has to be there in the pod.
func TestPods(t *testing.T) {
	for of, want := range map[[2]string][]string{
		{"kubernetes", "1.36.1+acme.1"}: {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"},
		{"kubernetes", "1.3.10+acme.1"}: {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"},
		{"kubernetes", "1.5.2+acme.1"}:  {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"},
		{"etcd", "3.7.3+acme.1"}:        {"etcd"},
		{"etcd", "3.4.16+acme.1"}:       {"etcd"},
	} {
		r, err := Images("", of[0])
		if err != nil {
			t.Fatal(err)
		}
		_, files, err := Recipes("", of[0], parse(t, of[1]))
		if err != nil {
			t.Fatal(err)
		}
		v, err := version.Parse(of[1])
		if err != nil {
			t.Fatal(err)
		}
		packages := assembled(t, of[0], of[1])
		var got []string
		for _, p := range r.Pods {
			if !p.Versions.Contains(v) {
				continue
			}
			got = append(got, p.Name)
			text, err := fs.ReadFile(files, p.File)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(packages, func(pkg packaging.Package) bool { return pkg.Name == p.Name })
			fields := images.PodFields{Fields: v.Fields(), Image: "registry.example.org/" + p.Name + "@sha256:0",
				Options: packages[i].Variables(packaging.Debian())}
			data, err := p.Render(text, fields)
			if err != nil {
				t.Errorf("%s %s: %v", of, p.Name, err)
				continue
			}
			for _, fault := range faults(t, data, p.Name, fields) {
				t.Errorf("%s %s: %s", of, p.Name, fault)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the pods %q, want %q", of, got, want)
		}
	}
}

// faults tells what is wrong with a pod.
func faults(t *testing.T, data []byte, name string, f images.PodFields) []string {
	t.Helper()
	var p pod
	if err := json.Unmarshal(data, &p); err != nil {
		return []string{err.Error()}
	}
	if len(p.Spec.Containers) != 1 || p.Kind != "Pod" || p.Metadata.Name != name ||
		p.Metadata.Namespace != "kube-system" || !p.Spec.HostNetwork {
		return []string{"it is no pod of its name in the host's network: " + string(data)}
	}
	var out []string
	c := p.Spec.Containers[0]
	if c.Name != name || c.Image != f.Image || len(c.Args)+len(c.Env) == 0 {
		out = append(out, "its container is another: "+string(data))
	}
	values := slices.Clone(c.Args)
	for _, e := range c.Env {
		values = append(values, e.Value)
	}
	for _, value := range values {
		if at := absolute.FindStringSubmatch(value); at != nil &&
			!slices.ContainsFunc(c.VolumeMounts, func(m struct{ Name, MountPath string }) bool {
				return strings.HasPrefix(at[1]+"/", m.MountPath+"/")
			}) {
			out = append(out, value+" is not mounted")
		}
	}
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(p.Spec.Volumes, func(v struct {
			Name     string
			HostPath struct{ Path string }
		}) bool {
			return v.Name == m.Name
		})
		if i < 0 || p.Spec.Volumes[i].HostPath.Path != m.MountPath {
			out = append(out, m.MountPath+" is no folder of the host")
		}
	}
	return out
}

// TestInstallers holds what images install against the packages: each has to be
// there, and each unit in one of its role's.
func TestInstallers(t *testing.T) {
	for _, of := range [][2]string{{"kubernetes", "1.36.1+acme.1"}, {"kubernetes", "1.5.2+acme.1"},
		{"etcd", "3.7.3+acme.1"}, {"etcd", "3.4.16+acme.1"}, {"flannel", "0.28.4+acme.1"}, {"flannel", "0.14.0+acme.1"},
		{"kubernetes", "1.13.0+acme.1"}, {"cni-plugins", "1.9.1+acme.1"}, {"cni-plugins", "0.6.0+acme.1"},
		{"coredns", "1.14.7+acme.1"}, {"coredns", "1.8.0+acme.1"}} {
		r, err := Images("", of[0])
		if err != nil {
			t.Fatal(err)
		}
		v, err := version.Parse(of[1])
		if err != nil {
			t.Fatal(err)
		}
		packages := assembled(t, of[0], of[1])
		roles := 0
		for _, image := range r.Select(v, func(string) bool { return true }) {
			for name, role := range image.Installs {
				roles++
				var units, files []string
				for _, pkg := range role.Packages {
					i := slices.IndexFunc(packages, func(p packaging.Package) bool { return p.Name == pkg })
					if i < 0 {
						t.Errorf("%s: image %s, role %s: there is no package %s", of, image.Name, name, pkg)
						continue
					}
					units = append(units, packages[i].Units()...)
					for _, f := range packages[i].Files {
						files = append(files, f.Path)
					}
				}
				if role.Check != "" && !slices.Contains(files, role.Check) {
					t.Errorf("%s: image %s, role %s: no package of it has %s", of, image.Name, name, role.Check)
				}
				for _, unit := range role.Units {
					if !slices.Contains(units, unit) {
						t.Errorf("%s: image %s, role %s: no package of it has %s: they have %q", of, image.Name, name, unit, units)
					}
				}
			}
		}
		if roles == 0 {
			t.Errorf("%s has no image that installs it", of)
		}
	}
}
