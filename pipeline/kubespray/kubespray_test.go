package kubespray

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

var amd64, arm64 = platform.Platform{OS: "linux", Arch: "amd64"}, platform.Platform{OS: "linux", Arch: "arm64"}

// ship returns a fork whose images are in a registry.
func ship(t *testing.T, registry string) fork.Fork {
	t.Helper()
	f := fork.Fork{ID: "ship-1.4"}
	f.Profile, f.Images.Registry = "ship", registry
	var err error
	if f.Parsed, err = version.Parse("1.4.1+test.1"); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSettings(t *testing.T) {
	const team = "registry.example.org/team"
	for name, c := range map[string]struct {
		request  Request
		registry string // of fork.yaml
		made     string // that the images were made for
		want     Request
		fault    string
	}{
		"neither says a registry": {fault: "-registry: say where the images are pulled from"},
		"the fork does":           {registry: team, want: Request{Registry: team}},
		"the request does":        {request: Request{Registry: team}, want: Request{Registry: team}},
		"the images do":           {registry: "other.example.org", made: team, want: Request{Registry: team}},
		"both do": {
			request: Request{Registry: team}, registry: "other.example.org", want: Request{Registry: team},
		},
		"a slash at the end": {request: Request{Registry: team + "/"}, want: Request{Registry: team}},
		"a URL": {
			request: Request{team, "https://downloads.example.org/ship//"},
			want:    Request{team, "https://downloads.example.org/ship"},
		},
		"not a registry": {
			request: Request{Registry: "https://registry.example.org"},
			fault:   `-registry: "https://registry.example.org" is not a registry: want one like registry.example.org/team`,
		},
		"upper case": {request: Request{Registry: "Registry/"}, fault: `-registry: "Registry/" is not a registry`},
		"not a URL":  {request: Request{team, "downloads"}, fault: "-url=downloads is not a URL to publish below"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ship(t, c.registry)
			got, err := settings(f, c.request, artifact.Images{Registry: c.made})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			want := kubespray.Input{
				Fork: "ship-1.4", Profile: "profiles/ship/kubespray.yaml", Version: f.Parsed,
				Registry: c.want.Registry, URL: c.want.URL,
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestImageNames(t *testing.T) {
	made := func(name string, platforms ...string) artifact.ImageIndex {
		out := artifact.ImageIndex{Name: name}
		for _, p := range platforms {
			out.Platforms = append(out.Platforms, artifact.PlatformImage{Platform: p})
		}
		return out
	}
	for name, c := range map[string]struct {
		images []artifact.ImageIndex
		on     []platform.Platform
		want   []string
		fault  string
	}{
		"none": {on: []platform.Platform{amd64, arm64}},
		"for all": {
			images: []artifact.ImageIndex{made("mate", "linux/amd64", "linux/arm64")},
			on:     []platform.Platform{amd64, arm64}, want: []string{"mate"},
		},
		"for further": {
			images: []artifact.ImageIndex{made("mate", "linux/386", "linux/arm64", "linux/amd64")},
			on:     []platform.Platform{amd64, arm64}, want: []string{"mate"},
		},
		"for fewer": {
			images: []artifact.ImageIndex{made("mate", "linux/arm64"), made("ship", "linux/arm64")},
			on:     []platform.Platform{arm64}, want: []string{"mate", "ship"},
		},
		"one for fewer than the others": {
			images: []artifact.ImageIndex{made("mate", "linux/amd64", "linux/arm64"), made("ship", "linux/amd64")},
			fault: "dist/ship-1.4/images: image ship is not made for linux/arm64: " +
				"make all images again: mage image -platforms=all -fork=ship-1.4",
		},
		"for others": {
			images: []artifact.ImageIndex{made("mate", "linux/386")},
			fault: "dist/ship-1.4/images: the images are made for linux/386, and forks/ship-1.4/fork.yaml lists none of " +
				"these: make them again: mage image -platforms=all -fork=ship-1.4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := ship(t, "")
			on, got, err := imageNames(f, artifact.Images{Images: c.images}, []platform.Platform{amd64, arm64})
			fault := ""
			if err != nil {
				fault = err.Error()
			}
			if fault != c.fault || !slices.Equal(got, c.want) || !slices.Equal(on, c.on) {
				t.Errorf("%v, %q, %q, want %v, %q, %q", on, got, fault, c.on, c.want, c.fault)
			}
		})
	}
}

// TestAgree checks what is said of platforms that are left out, and of pods that pull from
// elsewhere.
func TestAgree(t *testing.T) {
	pod := "localhost/ship@sha256:" + strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		targets  []platform.Platform
		pod      string
		registry string
		want     string // how the only note begins; "": none
	}{
		"all": {targets: []platform.Platform{amd64, arm64}},
		"one platform": {
			targets: []platform.Platform{arm64}, want: "Kubespray deploys only linux/arm64, which the images in ",
		},
		"the same": {
			targets: []platform.Platform{amd64, arm64}, pod: "docker.io/" + pod[10:], registry: "index.docker.io",
		},
		"an image of another fork": {
			targets: []platform.Platform{amd64, arm64}, pod: strings.Replace(pod, "ship", "mate", 1),
		},
		"another": {
			targets: []platform.Platform{amd64, arm64}, pod: pod, registry: "registry.example.org",
			want: "Kubespray pulls from registry.example.org, and dist/ship-1.4/manifests names localhost: to make them agree, ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := ship(t, "")
			f.Project.Dir, f.Platforms = t.TempDir(), []platform.Platform{amd64, arm64}
			dir := f.Project.Path(f.Dist("manifests"))
			if err := errors.Join(os.MkdirAll(dir, 0o755),
				os.WriteFile(filepath.Join(dir, "ship.json"), []byte(c.pod), 0o644)); err != nil {
				t.Fatal(err)
			}
			p := plan{targets: c.targets, input: kubespray.Input{Registry: c.registry, Images: []string{"ship"}}}
			notes, err := p.agree(f)
			got := strings.Join(notes, "\n")
			if err != nil || !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	p := plan{programs: []string{"captain", "cook"}, targets: []platform.Platform{amd64, arm64}}
	sums := map[string]string{"amd64": "not known yet", "arm64": "not known yet"}
	want := map[string]kubespray.Program{"captain": {Sums: sums}, "cook": {Sums: sums}}
	got := unknown(p)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got["captain"].Sums["amd64"] = "01"; got["cook"].Sums["amd64"] == "01" {
		t.Error("two programs share their sums")
	}
}

func TestCompose(t *testing.T) {
	var recipes kubespray.Recipes
	text := "vars: [{text: 'ship: {{image \"ship\"}}:{{.Tag}} {{sum \"captain\" \"arm64\"}}'}]"
	if _, err := config.Read("kubespray.yaml", []byte(text), &recipes); err != nil {
		t.Fatal(err)
	}
	in, err := settings(ship(t, "registry.example.org"), Request{}, artifact.Images{})
	if err != nil {
		t.Fatal(err)
	}
	in.Tag, in.Images = "v1.4.1", []string{"ship"}
	p := plan{recipes: recipes, input: in}
	data, err := p.compose(map[string]kubespray.Program{"captain": {Sums: map[string]string{"arm64": "02"}}})
	if err != nil || !strings.HasSuffix(string(data), "\nship: registry.example.org/ship:v1.4.1 02") {
		t.Errorf("%v\n%s", err, data)
	}
	if data, err := p.compose(nil); err == nil || data != nil || p.input.Programs != nil {
		t.Errorf("without programs: %v, %v\n%s", err, p.input.Programs, data)
	}
}

const recipes = `
vars:
  - programs: [captain, cook, purser]
    text: |
      ship: "{{image "ship"}}:{{.Tag}}"
      url: "{{url "captain" "{{ arch }}"}}"
      purser: {{built "purser"}}
      cook: {{built "cook"}}
      sums:
      {{- range sums "captain"}}
        {{.Arch}}: "{{.SHA256}}"
      {{- end}}
`

const images = `{"fork":"ship-1.4","version":"1.4.1+test.1","tag":"v1.4.1_test.1","images":[{"name":"ship","platforms":[
	{"platform":"linux/amd64"},{"platform":"linux/arm64"}]}]}`

// project is the sample project with images and variables.
func project(t *testing.T) buildtest.Project {
	t.Helper()
	return buildtest.Pinned(t, map[string]string{
		"profiles/ship/kubespray.yaml": recipes, "dist/ship-1.4/images/images.json": images,
	})
}

// TestRun writes the variables, with the sums of the programs that it compiles, and
// keeps them.
func TestRun(t *testing.T) {
	p := project(t)
	const path = "dist/ship-1.4/deploy/kubespray.yml"
	r := Request{"registry.example.org/team", "https://downloads.example.org/ship"}
	for _, kept := range []bool{false, true} {
		t.Run("", func(t *testing.T) {
			var events buildtest.Events
			s := p.Open(t, &events)
			set, err := Run(t.Context(), s, r)
			if err != nil {
				t.Fatal(err)
			}
			events.CheckSet(t, set)
			if len(set) != 1 || set[0].Kind != artifact.Deploy || set[0].Name != "kubespray" || set[0].Path != path ||
				set[0].Kept != kept || !s.Dist().Intact(path, set[0].Size, strings.TrimPrefix(set[0].Digest, "sha256:")) {
				t.Errorf("the set is %+v, want kept %v", set, kept)
			}
			ends := events.Of(event.Finished)
			if last := ends[len(ends)-1]; last.Stage != "deploy" || last.Detail != "kubespray" || last.Kept != kept {
				t.Errorf("the last stage is %+v", last)
			}
		})
	}
	data, err := os.ReadFile(p.Path(path))
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(string(data), "cluster.yml\n")
	const want = `ship: "registry.example.org/team/ship:v1.4.1_test.1"
url: "https://downloads.example.org/ship/1.4.1%2Btest.1/linux_{{ arch }}/captain"
purser: false
cook: false
sums:
  amd64: "AMD64"
  arm64: "ARM64"
`
	s := p.Open(t, nil)
	sums := strings.NewReplacer("AMD64", sum(t, s.Dist().Abs("dist/ship-1.4/bin/linux_amd64/captain")),
		"ARM64", sum(t, s.Dist().Abs("dist/ship-1.4/bin/linux_arm64/captain")))
	if want := sums.Replace(want); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
}

// TestRunRefuses checks what is said before anything is compiled.
func TestRunRefuses(t *testing.T) {
	p := project(t)
	for name, c := range map[string]struct {
		file, text string // a file of the project that is another one
		request    Request
		want       string
	}{
		"no registry": {want: "-registry: say where"},
		"no images": {
			file: "dist/ship-1.4/images/images.json", request: Request{Registry: "a.example.org"},
			want: "dist/ship-1.4/images/images.json: unexpected end",
		},
		"no URL": {request: Request{Registry: "a.example.org"}, want: "-url: say where the binaries are published"},
		"no Linux": {
			file: "forks/ship-1.4/fork.yaml", request: Request{Registry: "a.example.org"},
			text: "name: ship\nversion: 1.4.1+test.1\nupstream: {module: example.org/ship@v1.4.1}\n" +
				"build: {components: [captain], platforms: [darwin/arm64]}\n",
			want: "build.platforms has no Linux platform, and Kubespray deploys for no other system",
		},
		"no recipes": {
			file: "profiles/ship/kubespray.yaml", request: Request{Registry: "a.example.org"}, text: "vars: []",
			want: "vars: is empty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.file != "" {
				old, err := os.ReadFile(p.Path(c.file))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Write(t, c.file, string(old))
				p.Write(t, c.file, c.text)
			}
			var events buildtest.Events
			set, err := Run(t.Context(), p.Open(t, &events), c.request)
			if err == nil || !strings.Contains(err.Error(), c.want) || set != nil || len(events.Of(event.Started)) > 0 {
				t.Errorf("%v, %v, %v, want %q", set, err, events.Of(event.Started), c.want)
			}
		})
	}
	if _, err := os.Stat(p.Path("dist/ship-1.4/bin")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is compiled: %v", err)
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	_, sum, err := cross.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
