package image

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// shipImage is an image of one small layer, in each compression.
func shipImage(t *testing.T, name string, on platform.Platform, compressions ...string) images.Image {
	t.Helper()
	image := images.Image{
		Recipe: images.Recipe{Name: name}, Platform: on, Labels: map[string]string{"name": name},
		Created: time.Unix(1770000000, 0),
	}
	var layers []*images.Layer
	for _, how := range compressions {
		files := []images.File{{Path: "/" + name, Data: []byte(on.Arch)}}
		l, err := (&images.LayerWriter{}).Write(filepath.Join(t.TempDir(), "blob"), files, how, image.Created)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, l)
	}
	image.AppendLayer(layers)
	return image
}

func TestReference(t *testing.T) {
	one := []images.Image{shipImage(t, "bosun", amd64, "gzip")}
	for registry, want := range map[string]string{
		"": "localhost/bosun@sha256:", "registry.example.org/acme": "registry.example.org/acme/bosun@sha256:",
	} {
		p := shipPlan(t)
		p.fork.Images.Registry = registry
		got, err := p.reference("bosun", one)
		if err != nil || !strings.HasPrefix(got, want) || len(got) != len(want)+64 {
			t.Errorf("got %s, %v, want %s…", got, err, want)
		}
	}
}

func TestRenderPods(t *testing.T) {
	p := shipPlan(t)
	if got, err := p.renderPods(nil, nil, nil); got != nil || err != nil {
		t.Errorf("where no pods are asked for: got %v, %v", got, err)
	}
	p.pods = []images.Pod{{Name: "bosun", File: "pods/bosun.json"}}
	all := made{"bosun": {shipImage(t, "bosun", amd64, "gzip")}}
	pkgs := []packaging.Package{{Name: "bosun"}}
	tests := []struct{ text, want, err string }{
		{text: `{"image": {{json .Image}}}`, want: `"image": "localhost/bosun@sha256:`},
		{text: `{"minor": {{.Minor}}}`, want: `"minor": 4`},
		{text: `{"image": [}`, err: "pod bosun: "},
	}
	for _, test := range tests {
		p.input.Sources = fstest.MapFS{"pods/bosun.json": {Data: []byte(test.text)}}
		got, err := p.renderPods(all, pkgs, nil)
		switch {
		case test.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%s: got %v", test.text, err)
			}
		case err != nil || !strings.Contains(string(got["bosun.json"]), test.want):
			t.Errorf("%s: got %s, %v", test.text, got["bosun.json"], err)
		}
	}
	p.input.Sources = fstest.MapFS{}
	if _, err := p.renderPods(all, pkgs, nil); err == nil || !strings.HasPrefix(err.Error(), "pod bosun: ") {
		t.Errorf("without the template: got %v", err)
	}
}

func TestAddPods(t *testing.T) {
	pods := map[string][]byte{"bosun.json": []byte("b")}
	boat := otherPods{"boat", map[string][]byte{"mate.json": []byte("m")}}
	if err := shipPlan(t).addPods(pods, []otherPods{boat}); err != nil || len(pods) != 2 {
		t.Errorf("got %v, %v", pods, err)
	}
	err := shipPlan(t).addPods(pods, []otherPods{boat})
	want := "forks/ship-1.4/fork.yaml: images.with: boat has a pod mate, and so has this fork"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestReadOtherPods(t *testing.T) {
	dist := output.Dist{Project: t.TempDir()}
	if _, err := readOtherPods(dist, []string{"boat"}); err == nil {
		t.Error("a fork without pods is no error")
	}
	files := map[string][]byte{"mate.json": []byte("m")}
	if err := output.WriteFiles(dist.Abs("dist/boat/manifests"), files); err != nil {
		t.Fatal(err)
	}
	got, err := readOtherPods(dist, []string{"boat"})
	if err != nil || len(got) != 1 || got[0].fork != "boat" || string(got[0].files["mate.json"]) != "m" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestBoots(t *testing.T) {
	p := shipPlan(t)
	all := made{"installer": {shipImage(t, "installer", amd64, "gzip")}}
	if got, err := p.boots(all); got != nil || err != nil {
		t.Errorf("where none installs: got %v, %v", got, err)
	}
	p.chosen = []images.Recipe{{Name: "installer", Installs: map[string]images.Role{"deck": {}, "bridge": {}}}}
	got, err := p.boots(all)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"bridge-install.bu", "bridge-install.cloud-config", "bridge-install.ign", "bridge-install.service",
		"deck-install.bu", "deck-install.cloud-config", "deck-install.ign", "deck-install.service",
	}
	if list := slices.Sorted(maps.Keys(got)); !slices.Equal(list, want) {
		t.Errorf("got %v", list)
	}
	if !strings.Contains(string(got["deck-install.service"]), "localhost/installer@sha256:") {
		t.Errorf("the unit is\n%s", got["deck-install.service"])
	}
}

// TestBootsOfNoRegistry checks that what names no registry says so, in each form that has
// comments.
func TestBootsOfNoRegistry(t *testing.T) {
	all := made{"installer": {shipImage(t, "installer", amd64, "gzip")}}
	const word = "# The image is in no registry: "
	for registry, begins := range map[string]map[string]string{
		"": {
			"service": word, "bu": word, "cloud-config": "#cloud-config\n" + word, "ign": "{\n",
		},
		"registry.example.org/acme": {
			"service": "[Unit]\n", "bu": "variant: fcos\n", "cloud-config": "#cloud-config\nwrite_files:\n", "ign": "{\n",
		},
	} {
		p := shipPlan(t)
		p.fork.Images.Registry = registry
		p.chosen = []images.Recipe{{Name: "installer", Installs: map[string]images.Role{"deck": {}}}}
		got, err := p.boots(all)
		if err != nil {
			t.Fatal(err)
		}
		for form, want := range begins {
			if data := string(got["deck-install."+form]); !strings.HasPrefix(data, want) {
				t.Errorf("%s of %q begins with %q, want %q", form, registry, data[:min(60, len(data))], want)
			}
		}
	}
}

// TestNoteRegistry checks that pods and units of no registry are told of, and what is made to
// be deployed nowhere is not.
func TestNoteRegistry(t *testing.T) {
	installer := images.Recipe{Name: "installer", Installs: map[string]images.Role{"deck": {}}}
	const dist = "dist/ship-1.4/"
	for name, c := range map[string]struct {
		registry string
		pods     []images.Pod
		chosen   []images.Recipe
		want     string // "": no note
	}{
		"pods":  {pods: []images.Pod{{Name: "bosun"}}, want: dist + "manifests: images are named localhost/…, "},
		"units": {chosen: []images.Recipe{installer}, want: dist + "installer: images are named localhost/…, "},
		"both": {
			pods: []images.Pod{{Name: "bosun"}}, chosen: []images.Recipe{installer},
			want: dist + "manifests, " + dist + "installer: images are named localhost/…, ",
		},
		"neither":              {chosen: []images.Recipe{{Name: "bosun"}}},
		"they name a registry": {registry: "registry.example.org", pods: []images.Pod{{Name: "bosun"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := shipPlan(t)
			p.fork.Images.Registry, p.pods, p.chosen = c.registry, c.pods, c.chosen
			said := ""
			p.noteRegistry(func(text string) { said += text })
			if !strings.HasPrefix(said, c.want) || c.want == "" && said != "" {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}
