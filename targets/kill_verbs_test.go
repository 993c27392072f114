package targets_test

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// A verb is what somebody has a project do, without mage, or does to it.
type verb func(t *testing.T, p *slipway.Project) error

func pin(t *testing.T, p *slipway.Project) error {
	_, err := p.Lock(t.Context(), "", time.Now())
	return err
}

func verify(t *testing.T, p *slipway.Project) error {
	_, err := p.Verify(t.Context(), "")
	return err
}

func cross(t *testing.T, p *slipway.Project) error {
	_, err := p.Cross(t.Context(), "", slipway.CrossRequest{})
	return err
}

func deb(t *testing.T, p *slipway.Project) error {
	_, err := p.Deb(t.Context(), "", slipway.PackageRequest{})
	return err
}

func image(t *testing.T, p *slipway.Project) error {
	_, err := p.Image(t.Context(), "", slipway.ImageRequest{Platforms: []string{"all"}})
	return err
}

func ebuild(t *testing.T, p *slipway.Project) error {
	_, err := p.Ebuild(t.Context(), "", slipway.EbuildRequest{})
	return err
}

// release signs with keys that the project has; see func keysIn.
func release(t *testing.T, p *slipway.Project) error {
	_, err := p.Release(t.Context(), "", releaseRequest())
	return err
}

// shard makes what a merge takes.
func shard(t *testing.T, p *slipway.Project) error {
	_, err := p.Shard(t.Context(), "ship-1.4.linux-"+runtime.GOARCH)
	return err
}

// moveShard has dist be that of a machine that has nothing but shards, in a folder beside it.
func moveShard(t *testing.T, p *slipway.Project) error {
	return errors.Join(os.Rename(p.Dir+"/dist/shards", p.Dir+"/shards"), os.RemoveAll(p.Dir+"/dist/ship-1.4"))
}

func merge(t *testing.T, p *slipway.Project) error {
	_, err := p.Merge(t.Context(), "", []string{p.Dir + "/shards"}, releaseRequest())
	return err
}

// releaseRequest asks for a release that is signed by the keys in a project's variables, at a
// time at which they are valid.
func releaseRequest() slipway.ReleaseRequest {
	return slipway.ReleaseRequest{Keys: []string{"env:OPENPGP", "env:PEM"}, Now: signtest.Release}
}

// nextVersion gives the fork another version.
func nextVersion(t *testing.T, p *slipway.Project) error {
	name := p.Dir + "/forks/ship-1.4/fork.yaml"
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, bytes.Replace(data, []byte("+test.1"), []byte("+test.2"), 1), 0o644)
}

func applyAll(t *testing.T, p *slipway.Project) error {
	_, err := p.Apply(t.Context(), "", slipway.ApplyRequest{})
	return err
}

func applyNone(t *testing.T, p *slipway.Project) error {
	_, err := p.Apply(t.Context(), "", slipway.ApplyRequest{Until: "none"})
	return err
}

func rebase(t *testing.T, p *slipway.Project) error {
	_, err := p.Rebase(t.Context(), "", slipway.RebaseRequest{Onto: "1.4.0", Write: true})
	return err
}

// rebaseInVain leaves a work tree with conflicts.
func rebaseInVain(t *testing.T, p *slipway.Project) error {
	_, err := p.Rebase(t.Context(), "", slipway.RebaseRequest{Onto: "1.5.0-rc.1", Write: true})
	return err
}

func refresh(t *testing.T, p *slipway.Project) error {
	_, err := p.Refresh(t.Context(), "", "")
	return err
}

// importCommit takes the commit that func somebody made.
func importCommit(t *testing.T, p *slipway.Project) error {
	ids := strings.Fields(testkit.Git(t, p.Dir+"/somebody", "rev-parse", "HEAD~1", "HEAD"))
	_, err := p.Import(t.Context(), "", slipway.ImportRequest{From: "somebody", Commits: strings.Join(ids, "..")})
	return err
}

func clean(t *testing.T, p *slipway.Project) error { return p.Clean(t.Context()) }

// editPatch has the first patch say something else.
func editPatch(t *testing.T, p *slipway.Project) error {
	editMotto(t, p.Dir, "Any wind, and whoever is asleep.")
	return nil
}

// addCommit is a person's in the work tree.
func addCommit(t *testing.T, p *slipway.Project) error {
	commit(t, p.Dir+"/dist/ship-1.4/src", "a chart")
	return nil
}

// do has the project do something.
func (p *project) do(t *testing.T, v verb) {
	t.Helper()
	p.steps(t, nil, v)
}

// steps has the project do things, one after the other, and returns what is noted.
// step is told of each moment at which the disk changes for good; it may be nil.
func (p *project) steps(t *testing.T, step func(what string), verbs ...verb) (notes []string) {
	t.Helper()
	var mu sync.Mutex
	facade := &slipway.Project{Dir: p.dir, Env: p.env, Step: step, Events: func(e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == event.Note {
			notes = append(notes, e.Detail)
		}
	}}
	for _, v := range verbs {
		if err := v(t, facade); err != nil {
			t.Fatal(err)
		}
	}
	return notes
}
