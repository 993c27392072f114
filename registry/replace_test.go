package registry

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// itemFor returns an index with an image for each architecture of Linux.
func itemFor(t *testing.T, seed int64, arches ...string) Item {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, l := range layers(t, seed, len(arches)) {
		on := &v1.ConfigFile{OS: "linux", Architecture: arches[i], RootFS: v1.RootFS{Type: "layers"}}
		image, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), on)
		if err == nil {
			image, err = mutate.AppendLayers(image, l)
		}
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arches[i]}},
		})
	}
	return Item{Repository: "kubelet", Tag: "v1", Index: index}
}

// TestTagThatWouldLosePlatforms checks that a tag keeps its platforms, unless it is said that
// it may lose some.
func TestTagThatWouldLosePlatforms(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []string
		force, fewer  bool
		want          string // how the error ends; "": none
	}{
		"as many": {before: []string{"amd64", "arm64"}, after: []string{"arm64", "amd64"}, force: true},
		"more":    {before: []string{"amd64"}, after: []string{"amd64", "arm64"}, force: true},
		"not forced": {
			before: []string{"amd64", "arm64"}, after: []string{"arm64"},
			want: ", without linux/amd64: push another tag with -tag, or replace it with -force",
		},
		"forced": {
			before: []string{"amd64", "arm64", "s390x"}, after: []string{"arm64"}, force: true,
			want: ", without linux/amd64, linux/s390x: make the image for all its platforms, " +
				"or name in -platforms those that it is to have",
		},
		"forced, and said": {before: []string{"amd64", "arm64"}, after: []string{"arm64"}, force: true, fewer: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			p := f.pusher()
			old := push(t, p, itemFor(t, 1, c.before...))[0]
			p.Force, p.Fewer = c.force, c.fewer
			f.forget()
			if c.want == "" {
				push(t, p, itemFor(t, 2, c.after...))
				return
			}
			got, err := p.Push(t.Context(), []Item{itemFor(t, 2, c.after...)})
			if err == nil || !strings.Contains(err.Error(), c.want) || len(got) > 0 {
				t.Errorf("Push() = %v, %v\nwant …%s", got, err, c.want)
			}
			if n := f.count("POST") + f.count("PUT") + f.count("PATCH"); n > 0 {
				t.Errorf("%d requests changed something before the tag was refused", n)
			}
			whole(t, p, old.Name+":v1", old.Digest)
		})
	}
}

// TestPlatformsThatARegistryDoesNotTell checks that a question that fails is not taken for an
// answer.
func TestPlatformsThatARegistryDoesNotTell(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"it refuses":        func(w http.ResponseWriter) { refuse(w, http.StatusForbidden, "DENIED", "no", nil) },
		"it sends no index": func(w http.ResponseWriter) { _, _ = w.Write([]byte("[]")) },
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			p := f.pusher()
			push(t, p, itemFor(t, 1, "amd64", "arm64"))
			f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, _ int) bool {
				if kind == "GET manifest" {
					answer(w)
				}
				return kind == "GET manifest"
			}
			p.Force = true
			if got, err := p.Push(t.Context(), []Item{itemFor(t, 2, "arm64")}); err == nil || len(got) > 0 {
				t.Errorf("Push() = %v, %v, want an error", got, err)
			}
		})
	}
}

func TestPlatformsOf(t *testing.T) {
	of := func(p ...*v1.Platform) v1.IndexManifest {
		var m v1.IndexManifest
		for _, one := range p {
			m.Manifests = append(m.Manifests, v1.Descriptor{Platform: one})
		}
		return m
	}
	arm := &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}
	for name, c := range map[string]struct {
		index v1.IndexManifest
		want  []string
	}{
		"nothing":     {},
		"no platform": {index: of(nil)},
		"attestations": {
			index: of(arm, &v1.Platform{OS: "unknown", Architecture: "unknown"}), want: []string{"linux/arm/v7"},
		},
		"one twice": {index: of(arm, arm), want: []string{"linux/arm/v7"}},
	} {
		if got := platformsOf(c.index); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
