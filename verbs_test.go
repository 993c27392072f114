package slipway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestVerbs calls each verb that makes something: what it returns is sorted, and is
// what its events tell.
func TestVerbs(t *testing.T) {
	testkit.Need(t, "git")
	p, events := sample(t)
	const variables = `vars: [{text: 'mate: {{image "mate"}}'}]`
	if err := os.WriteFile(filepath.Join(p.Dir, "profiles/ship/kubespray.yaml"), []byte(variables), 0o644); err != nil {
		t.Fatal(err)
	}
	on := []string{"linux/arm64"}
	for _, c := range []struct {
		name string
		run  func(ctx context.Context) (artifact.Set, error)
		want string // the kinds, each with how many
	}{
		{"Cross", func(ctx context.Context) (artifact.Set, error) {
			return p.Cross(ctx, "", CrossRequest{Platforms: []string{"all"}})
		}, "4 binary"},
		{"Deb", func(ctx context.Context) (artifact.Set, error) {
			return p.Deb(ctx, "", PackageRequest{Packages: []string{"captain"}, Platforms: on})
		}, "1 package"},
		{"RPM", func(ctx context.Context) (artifact.Set, error) {
			return p.RPM(ctx, "", PackageRequest{Platforms: on})
		}, "2 package"},
		{"Ebuild", func(ctx context.Context) (artifact.Set, error) {
			return p.Ebuild(ctx, "", EbuildRequest{})
		}, "5 distfile, 2 ebuild"},
		{"Image", func(ctx context.Context) (artifact.Set, error) { return p.Image(ctx, "", ImageRequest{}) }, "1 image"},
		{"Kubespray", func(ctx context.Context) (artifact.Set, error) {
			return p.Kubespray(ctx, "", KubesprayRequest{Registry: "registry.example.org"})
		}, "1 deploy"},
		{"Tarball", func(ctx context.Context) (artifact.Set, error) {
			return p.Tarball(ctx, "", TarballRequest{Format: "tar.gz"})
		}, "1 source"},
		{"Export", func(ctx context.Context) (artifact.Set, error) { return p.Export(ctx, "", "mbox") }, "1 series"},
		{"Verify", func(ctx context.Context) (artifact.Set, error) { return p.Verify(ctx, "") }, "1 lock"},
		{"Lock", func(ctx context.Context) (artifact.Set, error) { return p.Lock(ctx, "", time.Time{}) }, "1 lock"},
		{"Apply", func(ctx context.Context) (artifact.Set, error) { return p.Apply(ctx, "", ApplyRequest{}) }, "1 tree"},
		{"Refresh", func(ctx context.Context) (artifact.Set, error) { return p.Refresh(ctx, "", "") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			events.Forget()
			set, err := c.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			events.CheckSet(t, set)
			if got := kinds(set); got != c.want {
				t.Errorf("it returns %s, want %s", got, c.want)
			}
			if told := events.Of(event.Fork); len(told) != 1 || told[0].Fork != "ship-1.4" {
				t.Errorf("the fork is told of as %+v", told)
			}
		})
		free(t, p)
	}
	t.Run("Push", func(t *testing.T) { push(t, p) })
}

// kinds says how many artifacts of each kind there are.
func kinds(set artifact.Set) string {
	var out []string
	for _, k := range []artifact.Kind{
		artifact.Binary, artifact.Package, artifact.Distfile, artifact.Ebuild, artifact.Image, artifact.Deploy,
		artifact.Source, artifact.Series, artifact.Tree, artifact.Patch, artifact.Lock,
	} {
		if n := len(set.Kind(k)); n > 0 {
			out = append(out, fmt.Sprint(n, " ", k))
		}
	}
	return strings.Join(out, ", ")
}

// push pushes the images of a project to a registry in memory.
func push(t *testing.T, p *Project) {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	r := PushRequest{Registries: []string{strings.TrimPrefix(s.URL, "http://")}, Insecure: true, Mirror: true}
	set, err := p.Push(t.Context(), "", r)
	if err != nil || kinds(set) != "1 image" || !strings.HasPrefix(set[0].Path, r.Registries[0]+"/mate@sha256:") {
		t.Errorf("%v, %v", set, err)
	}
	r.Images = []string{"purser"}
	if _, err := p.Push(t.Context(), "", r); err == nil || !strings.Contains(err.Error(), `no image "purser"`) {
		t.Errorf("an unknown image: %v", err)
	}
	free(t, p)
}

func TestRebase(t *testing.T) {
	p, _ := sample(t)
	reports, err := p.Rebase(t.Context(), "", RebaseRequest{Onto: "1.4.0"})
	if err != nil || len(reports) != 1 || reports[0].Version != "1.4.0+test.1" || len(reports[0].Patches) != 2 {
		t.Errorf("%+v, %v", reports, err)
	}
	free(t, p)
	if reports, err := p.Rebase(t.Context(), "", RebaseRequest{}); err == nil || reports != nil {
		t.Errorf("a rebase onto nothing: %+v, %v", reports, err)
	}
	free(t, p)
}

// TestRefusals checks what verbs say without a session.
func TestRefusals(t *testing.T) {
	var events buildtest.Events
	p := &Project{Dir: buildtest.New(t, nil).Dir, Events: events.Sink()}
	ctx := t.Context()
	for name, c := range map[string]struct {
		run  func() (artifact.Set, error)
		want string
	}{
		"a tarball's format": {func() (artifact.Set, error) { return p.Tarball(ctx, "", TarballRequest{}) }, "-format="},
		"a series' format":   {func() (artifact.Set, error) { return p.Export(ctx, "", "zip") }, "zip"},
		"an image's fork":    {func() (artifact.Set, error) { return p.Image(ctx, "x", ImageRequest{}) }, `no fork "x"`},
		"a push's fork":      {func() (artifact.Set, error) { return p.Push(ctx, "x", PushRequest{}) }, `no fork "x"`},
		"an ebuild's fork":   {func() (artifact.Set, error) { return p.Ebuild(ctx, "x", EbuildRequest{}) }, `no fork "x"`},
	} {
		if set, err := c.run(); err == nil || !strings.Contains(err.Error(), c.want) || set != nil {
			t.Errorf("%s: %v, %v, want %q", name, set, err, c.want)
		}
	}
	if told := events.Of(event.Fork); len(told) > 0 {
		t.Errorf("forks are told of: %+v", told)
	}
	if _, err := (&Project{Dir: t.TempDir()}).Ebuild(ctx, "", EbuildRequest{}); err == nil {
		t.Error("an overlay of no forks")
	}
	if _, err := p.Cross(ctx, "", CrossRequest{}); err == nil || !strings.Contains(err.Error(), "mage patches:lock") {
		t.Errorf("a fork without a lock: %v", err)
	}
}

func TestDoctor(t *testing.T) {
	made := buildtest.New(t, nil)
	checks, err := (&Project{Dir: made.Dir, Env: made.Env}).Doctor(t.Context())
	if err != nil || len(checks) < 3 || checks[0].Name != "go for ship-1.4" || checks[0].OK {
		t.Errorf("%+v, %v", checks, err)
	}
}

// TestCleanExplains checks that an error of Clean says the way out.
func TestCleanExplains(t *testing.T) {
	p := &Project{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.Dir, "dist"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := p.Clean(t.Context())
	const want = "mkdir dist: not a directory\n  Something that Slipway did not make is in"
	if !errors.Is(err, syscall.ENOTDIR) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("dist is a file: %v", err)
	}
}

// TestClean removes dist, waits for whoever builds, and takes no dist for done.
func TestClean(t *testing.T) {
	p := &Project{Dir: t.TempDir()}
	dist := filepath.Join(p.Dir, "dist")
	if err := p.Clean(t.Context()); err != nil {
		t.Errorf("without dist: %v", err)
	}
	if _, err := os.Stat(dist); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without dist, there is now one: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dist, "ship-1.4", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	held, err := build.Hold(t.Context(), p.project(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	p.Events = func(event.Event) { stop() } // it waits
	if err := p.Clean(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("while another run builds: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dist, "ship-1.4", "bin")); err != nil {
		t.Errorf("what another run builds is gone: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	p.Events = nil
	if err := p.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(p.Dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
