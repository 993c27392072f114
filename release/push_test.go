package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	pushing "github.com/slipway-build/slipway/registry"
)

// ship returns a fork at 1.4.1 that pushes to a registry.
func ship(dir, registry string) fork.Fork {
	f := fork.Fork{Project: fork.Project{Dir: dir}, ID: "ship-1.4"}
	f.Version, f.Images.Registry = "1.4.1", registry
	return f
}

func TestFor(t *testing.T) {
	for name, c := range map[string]struct {
		asked []string
		made  string // that the images were made for
		fork  string
		want  []string // none: an error
	}{
		"neither says one":  {},
		"the fork says one": {fork: "registry.example.org/team", want: []string{"registry.example.org/team"}},
		"the request does":  {asked: []string{"a.example.org"}, want: []string{"a.example.org"}},
		"the images do": {
			made: "registry.example.org/team", fork: "other.example.org", want: []string{"registry.example.org/team"},
		},
		"all do": {
			made:  "registry.example.org/team",
			asked: []string{"a.example.org", "b.example.org"}, fork: "registry.example.org",
			want: []string{"a.example.org", "b.example.org"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := PushRequest{Registries: c.asked, Tag: "v1", Force: true}.
				For(ship("", c.fork), artifact.Images{Registry: c.made})
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), "images.registry in forks/ship-1.4/fork.yaml") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || !slices.Equal(got.Registries, c.want) || got.Tag != "v1" || !got.Force {
				t.Errorf("%+v, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestCheckComing checks what is refused before there are images: what is known of those that
// will be made counts, and not what is known of old ones.
func TestCheckComing(t *testing.T) {
	const team = "registry.example.org/team"
	pod := func(registry string) []artifact.Pull {
		return []artifact.Pull{{File: "a/pod.json", Registry: registry}}
	}
	for name, c := range map[string]struct {
		asked, old, fork string
		pulls            []artifact.Pull
		fault            string // how it begins
	}{
		"nothing is known":        {fault: "-registry: say where to push to"},
		"old images may stay":     {old: team},
		"old images will be gone": {old: team, pulls: []artifact.Pull{}, fault: "-registry: say where to push to"},
		"the fork's own":          {old: "old.example.org", fork: team, pulls: pod(team)},
		"another": {
			asked: "a.example.org", pulls: pod(team), fault: "-registry=a.example.org: hosts pull from " + team,
		},
		"to where they will pull":    {asked: team, fork: "a.example.org", pulls: pod(team)},
		"where no registry is named": {asked: team, pulls: pod(artifact.NoRegistry)},
	} {
		t.Run(name, func(t *testing.T) {
			dir, record := images(t, "ship")
			record.Registry = c.old
			writeRecord(t, dir, record)
			r := PushRequest{}
			if c.asked != "" {
				r.Registries = []string{c.asked}
			}
			fault := ""
			if err := r.CheckComing(ship(dir, c.fork), c.pulls); err != nil {
				fault = err.Error()
			}
			if !strings.HasPrefix(fault, c.fault) || c.fault == "" && fault != "" {
				t.Errorf("error %q, want %q", fault, c.fault)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	record := artifact.Images{Images: []artifact.ImageIndex{{Name: "mate"}, {Name: "ship"}}}
	for name, c := range map[string]struct {
		names []string
		want  string // the names, or the error
	}{
		"all":            {nil, "mate ship"},
		"one":            {[]string{"ship"}, "ship"},
		"two, as listed": {[]string{"ship", "mate"}, "mate ship"},
		"one twice":      {[]string{"ship", "ship"}, "ship"},
		"none of them":   {[]string{"ship", "purser"}, `dist/images has no image "purser", only mate, ship`},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := choose(record, "dist/images", c.names)
			var names []string
			for _, i := range chosen {
				names = append(names, i.Name)
			}
			got := strings.Join(names, " ")
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestMoved(t *testing.T) {
	for want, p := range map[string]pushing.Pushed{
		"v1: 0 bytes": {Tag: "v1"},
		"v1: 1 uploaded, 2 mounted, 3 existing, 9 bytes": {Tag: "v1", Bytes: 9, Blobs: map[pushing.State]int{
			pushing.Uploaded: 1, pushing.Mounted: 2, pushing.Existing: 3,
		}},
		"v1: 4 mounted, 0 bytes": {Tag: "v1", Blobs: map[pushing.State]int{pushing.Mounted: 4, pushing.Uploaded: 0}},
	} {
		if got := moved(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// images lays out images of ship 1.4.1 in a temporary project.
func images(t *testing.T, names ...string) (dir string, record artifact.Images) {
	t.Helper()
	dir = t.TempDir()
	at := filepath.Join(dir, "dist", "ship-1.4", "images")
	lay, err := layout.Write(at, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	record = artifact.Images{Fork: "ship-1.4", Version: "1.4.1", Tag: "v1.4.1"}
	for _, name := range names {
		image, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte(name), types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})
		digest, err := index.Digest()
		if err := errors.Join(err, lay.AppendIndex(index)); err != nil {
			t.Fatal(err)
		}
		record.Images = append(record.Images, artifact.ImageIndex{Name: name, Digest: digest.String()})
	}
	writeRecord(t, dir, record)
	return dir, record
}

func writeRecord(t *testing.T, dir string, record artifact.Images) {
	t.Helper()
	data, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "dist", "ship-1.4", "images", artifact.ImagesFile)
	if err := os.WriteFile(at, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// serve returns the address of an empty registry on this machine.
func serve(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestPush pushes two images to two registries, then again: the set has what each
// has now, and the stages are told of one by one.
func TestPush(t *testing.T) {
	dir, record := images(t, "mate", "ship")
	hosts := []string{serve(t), serve(t)}
	slices.Sort(hosts)
	slices.Reverse(hosts) // the set is sorted nevertheless
	f := ship(dir, hosts[0])
	for again, r := range []PushRequest{{Registries: hosts, Insecure: true}, {Registries: hosts, Insecure: true}} {
		var events []event.Event
		set, err := Push(t.Context(), f, nil, func(e event.Event) { events = append(events, e) }, r)
		if err != nil {
			t.Fatal(err)
		}
		var want artifact.Set
		for _, host := range hosts {
			for _, made := range record.Images {
				want = append(want, artifact.Artifact{
					Kind: artifact.Image, Format: "oci", Name: host + "/" + made.Name,
					Path: host + "/" + made.Name + "@" + made.Digest, Digest: made.Digest, Kept: again == 1,
				})
			}
		}
		if want = artifact.Of(want); !reflect.DeepEqual(set, want) {
			t.Errorf("push %d returns\n%v\nwant\n%v", again, set, want)
		}
		checkEvents(t, events, set)
	}
	if got, want := served(t, hosts[1], "ship", "v1.4.1"), record.Images[1].Digest; got != want {
		t.Errorf("the registry has %s by the tag, want %s", got, want)
	}
}

// served returns the digest of what a registry has by a tag.
func served(t *testing.T, host, repository, tag string) string {
	t.Helper()
	resp, err := http.Get("http://" + host + "/v2/" + repository + "/manifests/" + tag)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	digest, _, err := v1.SHA256(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// checkEvents checks that a fork comes first, and that a stage ends for each artifact.
func checkEvents(t *testing.T, events []event.Event, set artifact.Set) {
	t.Helper()
	if len(events) < 2 || events[0].Kind != event.Fork || events[0].Fork != "ship-1.4" || events[1].Kind != event.Started {
		t.Errorf("the events begin with %+v", events[:min(2, len(events))])
	}
	var ended []string
	started := 0
	for _, e := range events {
		switch e.Kind {
		case event.Started:
			started++
		case event.Finished:
			ended = append(ended, fmt.Sprint(e.Subject, " ", e.Kept, " ", e.Failed))
		}
	}
	var want []string
	for _, a := range set {
		want = append(want, fmt.Sprint(a.Path, " ", a.Kept, " ", false))
	}
	if slices.Sort(ended); started != len(set) || !slices.Equal(ended, want) {
		t.Errorf("%d stages began, these ended: %q, want %q", started, ended, want)
	}
}

// TestPushChosen pushes one image by a tag of its own. The tag is then taken.
func TestPushChosen(t *testing.T) {
	dir, record := images(t, "mate", "ship")
	host := serve(t)
	f := ship(dir, host+"/team")
	push := func(r PushRequest) (artifact.Set, error) { return Push(t.Context(), f, nil, nil, r) }
	set, err := push(PushRequest{Images: []string{"ship"}, Tag: "latest", Insecure: true})
	want := f.Images.Registry + "/ship@" + record.Images[1].Digest
	if err != nil || len(set) != 1 || set[0].Path != want {
		t.Fatalf("%v, %v, want %s", set, err, want)
	}
	if got := served(t, host, "team/ship", "latest"); got != record.Images[1].Digest {
		t.Errorf("the registry has %s by the tag, want %s", got, record.Images[1].Digest)
	}
	record.Images[1].Digest = record.Images[0].Digest
	writeRecord(t, dir, record)
	if set, err := push(PushRequest{Tag: "latest", Insecure: true}); err == nil || set != nil {
		t.Errorf("a tag that is another image is replaced: %v, %v", set, err)
	}
	set, err = push(PushRequest{Images: []string{"ship"}, Tag: "latest", Insecure: true, Force: true})
	if err != nil || len(set) != 1 || set[0].Digest != record.Images[0].Digest {
		t.Errorf("with force: %v, %v", set, err)
	}
}

// TestPushRefuses checks what is said of images that cannot be pushed, before
// anything is told or sent.
func TestPushRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		request PushRequest
		damage  func(dir string, r *artifact.Images) error // may be nil
		want    string
	}{
		"no registry": {want: "-registry: say where to push to"},
		"no images": {
			request: PushRequest{Registries: []string{"a.example.org"}},
			damage:  func(dir string, _ *artifact.Images) error { return os.Remove(filepath.Join(dir, artifact.ImagesFile)) },
			want:    "dist/ship-1.4/images has no images",
		},
		"an unknown image": {
			request: PushRequest{Registries: []string{"a.example.org"}, Images: []string{"purser"}},
			want:    `has no image "purser", only ship`,
		},
		"no layout": {
			request: PushRequest{Registries: []string{"a.example.org"}},
			damage:  func(dir string, _ *artifact.Images) error { return os.Remove(filepath.Join(dir, "index.json")) },
			want:    "dist/ship-1.4/images is not an image layout: make it again: mage image -fork=ship-1.4",
		},
		"a digest that is none": {
			request: PushRequest{Registries: []string{"a.example.org"}},
			damage: func(_ string, r *artifact.Images) error {
				r.Images[0].Digest = "01"
				return nil
			},
			want: "dist/ship-1.4/images/images.json: ship: ",
		},
		"an image that is not in the layout": {
			request: PushRequest{Registries: []string{"a.example.org"}},
			damage: func(_ string, r *artifact.Images) error {
				r.Images[0].Digest = "sha256:" + strings.Repeat("0", 64)
				return nil
			},
			want: "dist/ship-1.4/images: ship: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, record := images(t, "ship")
			if c.damage != nil {
				at := filepath.Join(dir, "dist", "ship-1.4", "images")
				before := record.Images[0]
				if err := c.damage(at, &record); err != nil {
					t.Fatal(err)
				}
				if record.Images[0].Digest != before.Digest {
					writeRecord(t, dir, record)
				}
			}
			told := 0
			set, err := Push(t.Context(), ship(dir, ""), nil, func(event.Event) { told++ }, c.request)
			if err == nil || !strings.Contains(err.Error(), c.want) || set != nil || told > 0 {
				t.Errorf("%v, %v, %d events, want %q", set, err, told, c.want)
			}
		})
	}
}

// TestPushFails checks that a stage that fails is told of, and nothing else.
func TestPushFails(t *testing.T) {
	dir, _ := images(t, "ship")
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	var events []event.Event
	set, err := Push(t.Context(), ship(dir, strings.TrimPrefix(s.URL, "http://")), nil,
		func(e event.Event) { events = append(events, e) }, PushRequest{Insecure: true})
	want := event.Event{Kind: event.Finished, Stage: "push", Failed: true}
	if err == nil || len(set) > 0 || len(events) != 3 || events[2] != want {
		t.Errorf("%v, %v, events %+v, want the last %+v", set, err, events, want)
	}
}
