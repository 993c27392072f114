package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// layers returns as many layers as asked for, always the same of a seed.
func layers(t *testing.T, seed int64, n int) []v1.Layer {
	t.Helper()
	var out []v1.Layer
	source := rand.NewSource(seed)
	for range n {
		l, err := random.Layer(4096, types.OCILayer, random.WithSource(source))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// item returns an index of two images. Each has two blobs of its own, and those shared.
func item(t *testing.T, repository string, seed int64, shared ...v1.Layer) Item {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, l := range layers(t, seed, 2) {
		oci := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
		image, err := mutate.AppendLayers(oci, append(slices.Clone(shared), l)...)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image})
	}
	return Item{Repository: repository, Tag: "v1", Index: index}
}

// push pushes what must be pushed, and reads all of it again.
func push(t *testing.T, p Pusher, items ...Item) []Pushed {
	t.Helper()
	got, err := p.Push(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(items)*len(p.Registries) {
		t.Fatalf("pushed %v, of %d images to %d registries", got, len(items), len(p.Registries))
	}
	for i, pushed := range got {
		digest, err := items[i%len(items)].Index.Digest()
		if err != nil || pushed.Digest != digest.String() || pushed.String() != pushed.Name+"@"+digest.String() {
			t.Errorf("pushed %+v, want the digest %s (%v)", pushed, digest, err)
		}
		for _, ref := range []string{pushed.String(), pushed.Name + ":" + pushed.Tag} {
			whole(t, p, ref, pushed.Digest)
		}
	}
	return got
}

// whole reads an index from where it was pushed, and all below it.
func whole(t *testing.T, p Pusher, ref, digest string) {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = p.Roots
	defer transport.CloseIdleConnections()
	options := []remote.Option{remote.WithTransport(transport)}
	if p.Keychain != nil {
		options = append(options, remote.WithAuthFromKeychain(p.Keychain))
	}
	index, err := remote.Index(parsed, options...)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := index.Digest(); err != nil || got.String() != digest {
		t.Errorf("%s is %s (%v), want %s", ref, got, err, digest)
	}
	if err := validate.Index(index); err != nil {
		t.Errorf("%s: %v", ref, err)
	}
}

func blobs(uploaded, existing, mounted int) map[State]int {
	out := map[State]int{}
	for state, n := range map[State]int{Uploaded: uploaded, Existing: existing, Mounted: mounted} {
		if n > 0 {
			out[state] = n
		}
	}
	return out
}

// TestPush pushes to two registries, again, and then what shares layers.
func TestPush(t *testing.T) {
	one, two := serve(t), serve(t)
	p := one.pusher()
	p.Registries = append(p.Registries, two.host+"/deep/er/") // a prefix may end so
	p.Roots.AddCert(two.Certificate())
	var events []Progress
	p.Progress = func(e Progress) { events = append(events, e) }
	var moved []string
	p.Moving = func(_ string, bytes, all int64) { moved = append(moved, fmt.Sprint(bytes == all)) }
	shared := layers(t, 1, 2)
	items := []Item{item(t, "kubelet", 2, shared...), item(t, "proxy", 3, shared...)}
	// Each has two layers of its own, two configurations, and the shared ones.
	got := push(t, p, items...)
	var counts [3]int
	for _, f := range []*fake{one, two} {
		if n := f.count("PATCH blob"); n != 10 {
			t.Errorf("%s received %d blobs, want 10", f.host, n)
		}
	}
	var sent int64
	for _, pushed := range got {
		for i, s := range []State{Uploaded, Existing, Mounted} {
			counts[i] += pushed.Blobs[s]
		}
		if pushed.Kept {
			t.Errorf("%s is said to have been there", pushed)
		}
		sent += pushed.Bytes
	}
	if counts != [3]int{20, 0, 4} {
		t.Errorf("uploaded, there, mounted: %v, want 20, 0, 4", counts)
	}
	if got[0].Name != one.host+"/team/kubelet" || got[3].Name != two.host+"/deep/er/proxy" {
		t.Errorf("pushed %v", got)
	}
	var uploaded int64
	for i, e := range events {
		if want := i%12 + 1; e.Done != want || e.Total != 12 || e.Size <= 0 || !strings.HasPrefix(e.Digest, "sha256:") {
			t.Errorf("event %d is %+v, want %d done of 12", i, e, want)
		}
		if e.State == Uploaded {
			uploaded += e.Size
		}
	}
	if len(events) != 24 || uploaded != sent {
		t.Errorf("%d events tell of %d bytes, want 24 and %d", len(events), uploaded, sent)
	}

	if got := strings.Join(moved, " "); got != "true true" { // blobs below a MiB, in each of two registries
		t.Errorf("it tells of bytes that all are there: %s", got)
	}

	one.forget()
	for _, again := range push(t, p, items...) {
		if !again.Kept || len(again.Blobs) > 0 || again.Bytes > 0 {
			t.Errorf("pushed again: %+v", again)
		}
	}
	for _, line := range one.log {
		if !strings.HasPrefix(line, "HEAD manifest") && !strings.HasPrefix(line, "GET") {
			t.Errorf("the second push asks for %s", line)
		}
	}

	third := item(t, "proxy", 4, shared...) // in a repository that has the shared layers
	third.Tag = "v2"
	fourth := item(t, "etcd", 5, shared...) // in one that has not
	p.Registries = p.Registries[:1]
	got = push(t, p, items[0], third, fourth)
	for i, want := range []map[State]int{{}, blobs(4, 2, 0), blobs(4, 0, 2)} {
		if fmt.Sprint(got[i].Blobs) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", got[i], got[i].Blobs, want)
		}
	}
	const counted = `"blobs":{"mounted":2,"uploaded":4},"bytes":`
	if out, err := json.Marshal(got[2]); err != nil || !strings.Contains(string(out), counted) {
		t.Errorf("JSON is %s (%v)", out, err)
	}
}

// TestImage pushes an image without an index.
func TestImage(t *testing.T) {
	f := serve(t)
	image, err := mutate.AppendLayers(empty.Image, layers(t, 1, 1)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0} {
		got, err := f.pusher().Push(t.Context(), []Item{{Repository: "kubelet", Tag: "v1", Image: image}})
		if err != nil || len(got) != 1 || got[0].Blobs[Uploaded] != want || got[0].Kept != (i == 1) {
			t.Errorf("push %d: %+v (%v), want %d blobs", i, got, err, want)
		}
	}
}

// TestOrder holds that nobody can meet a manifest of what is not there yet.
func TestOrder(t *testing.T) {
	f := serve(t)
	p := f.pusher()
	p.Jobs = 3
	push(t, p, item(t, "kubelet", 1), item(t, "proxy", 2))
	if f.most > p.Jobs || f.most < 2 {
		t.Errorf("%d blobs moved at a time, want 2 or %d", f.most, p.Jobs)
	}
	var puts []string
	first := slices.IndexFunc(f.log, func(line string) bool { return strings.HasPrefix(line, "PUT manifest") })
	for i, line := range f.log {
		if kind, path, _ := strings.Cut(line, " /"); kind == "PUT blob" && i > first {
			t.Errorf("%s follows a manifest", line)
		} else if kind == "PUT manifest" && strings.Contains(path, "/kubelet/") {
			puts = append(puts, path[strings.LastIndex(path, "/")+1:])
		}
	}
	if len(puts) != 3 || puts[2] != "v1" || !strings.HasPrefix(puts[0], "sha256:") ||
		!strings.HasPrefix(puts[1], "sha256:") {
		t.Errorf("the manifests are put in the order %v, want two images, then the tag", puts)
	}
}

func TestTagThatIsThere(t *testing.T) {
	f := serve(t)
	p := f.pusher()
	before := push(t, p, item(t, "kubelet", 1))[0]
	f.forget()
	items := []Item{item(t, "proxy", 2), item(t, "kubelet", 3)}
	after, _ := items[1].Index.Digest()
	got, err := p.Push(t.Context(), items)
	want := fmt.Sprintf("%s/team/kubelet:v1 is already there as %s, and would be %s: "+
		"push another tag with -tag, or replace it with -force", f.host, before.Digest, after)
	if err == nil || err.Error() != want || len(got) > 0 {
		t.Errorf("Push() = %v, %v\nwant %s", got, err, want)
	}
	if n := f.count("POST") + f.count("PUT") + f.count("PATCH"); n > 0 {
		t.Errorf("%d requests changed something before the tag was refused", n)
	}
	p.Force = true
	push(t, p, items...)
	whole(t, p, before.String(), before.Digest) // what nobody names any more can still be had
}

func TestEnd(t *testing.T) {
	f := serve(t)
	p := f.pusher()
	p.Wait = time.Hour
	ctx, end := context.WithCancel(t.Context())
	f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, _ int) bool {
		if kind != "POST blob" {
			return false
		}
		time.AfterFunc(10*time.Millisecond, end) // while the next try is waited for
		return refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE", "come back", nil)
	}
	if _, err := p.Push(ctx, []Item{item(t, "kubelet", 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Push() = %v, want that it was ended", err)
	}
}

func TestNames(t *testing.T) {
	good := item(t, "kubelet", 1)
	other := item(t, "kubelet", 2)
	tagged := func(tag string) Item { return Item{Repository: "kubelet", Tag: tag, Index: good.Index} }
	for _, c := range []struct {
		prefix string
		items  []Item
		want   string
	}{
		{"https://registry.example.org/team", []Item{good}, "want a host without https://"},
		{"team", []Item{good}, `registry "team": want a host`},
		{"me:hunter2@registry.example.org", []Item{good}, "a registry's name has an @"},
		{"registry.example.org/Team", []Item{good}, "registry.example.org/Team/kubelet:v1: repository can only contain"},
		{"registry.example.org/team", []Item{tagged("v1+acme.1")}, "registry.example.org/team/kubelet:v1+acme.1: "},
		{"registry.example.org/team", []Item{tagged("")}, "registry.example.org/team/kubelet:: "},
		{"registry.example.org/team", []Item{good, other}, "registry.example.org/team/kubelet:v1: would be both sha256:"},
		{"registry.example.org/team", []Item{{Repository: "kubelet", Tag: "v1"}},
			"registry.example.org/team/kubelet:v1: it has no image"},
	} {
		got, err := Pusher{Registries: []string{c.prefix}}.Push(t.Context(), c.items)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || len(got) > 0 {
			t.Errorf("%s: Push() = %v, %v, want %s", c.prefix, got, err, c.want)
		}
	}
}

// TestCheckNames is of what TestNames has, as far as it is known without images.
func TestCheckNames(t *testing.T) {
	for _, c := range []struct{ prefix, tag, want string }{
		{"registry.example.org/team/", "v1", ""},
		{"localhost", "v1", ""},
		{"https://registry.example.org/team", "v1", "want a host without https://"},
		{"me:hunter2@registry.example.org", "v1", "a registry's name has an @"},
		{"registry.example.org/Team", "v1", "registry.example.org/Team/kubelet:v1: repository can only contain"},
		{"registry.example.org", "v1 4", "registry.example.org/kubelet:v1 4: tag can only contain"},
	} {
		p := Pusher{Registries: []string{"registry.example.org", c.prefix}}
		err := p.CheckNames("kubelet", c.tag)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: CheckNames() = %v, want %s", c.prefix, err, c.want)
		}
	}
}
