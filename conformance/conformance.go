package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lab/cluster"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/pipeline/e2e"
	"github.com/slipway-build/slipway/series"
)

// A Testing is a fork that is tested, and the forks whose packages and images its cluster is made of.
type Testing struct {
	fork    fork.Fork
	request Request
	parts   []fork.Fork // each once; those of images.with first
	runtime []string    // packages of the container runtime that forks of the project make
	dns     int         // of parts, the one that has CoreDNS's image
}

// New returns the testing of the fork of a project.
func New(p fork.Project, id string, r Request) (Testing, error) {
	f, err := p.Fork(id)
	if err != nil {
		return Testing{}, err
	}
	t := Testing{fork: f, request: r}
	for _, id := range f.Images.With {
		with, err := f.Project.Fork(id)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, with)
	}
	if r.Kubeconfig != "" {
		return t, nil
	}
	for _, name := range cluster.Packages() {
		if err := t.add(name, "package", func(n pipeline.Names) []string { return n.Packages }); err != nil {
			return t, err
		}
	}
	if err := t.add(cluster.DNS, "image", func(n pipeline.Names) []string { return n.Images }); err != nil {
		return t, err
	}
	t.dns = slices.IndexFunc(t.parts, func(p fork.Fork) bool {
		return slices.Contains(pipeline.NamesOf(p).Images, cluster.DNS)
	})
	for _, name := range cluster.Runtime() {
		err := t.add(name, "package", func(n pipeline.Names) []string { return n.Packages })
		if err == nil {
			t.runtime = append(t.runtime, name)
		}
		if missing := (*noPartError)(nil); err != nil && !errors.As(err, &missing) {
			return t, err
		}
	}
	return t, nil
}

// A noPartError says that no fork of the project makes something.
type noPartError struct{ kind, name string }

func (e *noPartError) Error() string {
	return fmt.Sprintf("a cluster needs the %s %s, which no fork of this project makes: add one to forks, "+
		"or name a cluster with -kubeconfig", e.kind, e.name)
}

// add adds the fork that makes something, unless the tested one does, or one that is added. Of several, it is the one
// with the highest version.
func (t *Testing) add(name, kind string, of func(pipeline.Names) []string) error {
	makes := func(f fork.Fork) bool { return slices.Contains(of(pipeline.NamesOf(f)), name) }
	if makes(t.fork) || slices.ContainsFunc(t.parts, makes) {
		return nil
	}
	ids, err := t.fork.Project.IDs()
	if err != nil {
		return err
	}
	var found []fork.Fork
	for _, id := range ids {
		f, err := t.fork.Project.Fork(id)
		if err != nil {
			return err
		}
		if id != t.fork.ID && makes(f) {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		return &noPartError{kind, name}
	}
	t.parts = append(t.parts, slices.MaxFunc(found, func(a, b fork.Fork) int { return a.Parsed.Compare(b.Parsed) }))
	return nil
}

// IDs returns the forks that sessions are needed on: the tested one, and those of its cluster.
func (t Testing) IDs() []string {
	ids := []string{t.fork.ID}
	for _, f := range t.parts {
		ids = append(ids, f.ID)
	}
	return ids
}

// Check returns what is known to keep Run from doing its work.
func (t Testing) Check(sessions []*build.Session) error {
	return cmp.Or(t.request.check(), e2e.Check(sessions[0], t.suite(sessions)))
}

func (t Testing) suite(sessions []*build.Session) e2e.Request {
	return e2e.Request{Platform: t.request.Platform, Now: t.request.Now(), With: sessions[1:]}
}

// Run runs the tests and writes dist/FORK/conformance. Where tests failed that were not expected to, its error says
// so, and the files are there nevertheless.
func (t Testing) Run(ctx context.Context, sessions []*build.Session) (set artifact.Set, err error) {
	s := sessions[0]
	if t.request.Upstream {
		if s, err = unpatched(ctx, s); err != nil {
			return nil, err
		}
	}
	suite, err := e2e.Run(ctx, s, t.suite(sessions))
	if err != nil {
		return nil, err
	}
	dir, err := s.Scratch()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := run{Testing: t, s: s, suite: suite, dir: dir}
	var at place
	if t.request.Kubeconfig != "" {
		at = t.given()
	} else if at, err = r.boot(ctx, sessions[1:]); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, at.close(ctx)) }()
	if err := r.push(ctx, at); err != nil {
		return nil, err
	}
	return r.run(ctx, at)
}

// unpatched returns a session on a fork without its own patches.
func unpatched(ctx context.Context, s *build.Session) (*build.Session, error) {
	f := s.Fork().Unpatched()
	s, err := s.On(ctx, f, lock.Lock{})
	if err != nil {
		return nil, err
	}
	l, err := series.Pin(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.On(ctx, f, l)
}
