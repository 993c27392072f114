// Package check finds out what is wrong with a project's files, as far as that is known
// without building and without a network: fork.yaml, series, locks, profiles, repo.yaml, the
// user's own files, and whether what each fork is released as can be made of them.
package check

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/pipeline/overlay"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/repo/settings"
)

// A Request says what to look at.
type Request struct {
	Project fork.Project
	Fork    string  // its ID; empty: all forks, and what they have in common
	Env     run.Env // the environment that subprocesses start from
	// Programs has the sources of Slipway's own programs, as image.Request has them.
	Programs fs.FS
}

// A checker looks at one project.
type checker struct {
	Request
	report   Report
	sessions map[string]*build.Session // by fork, of those whose files can be read
	unread   map[string]error          // by fork, why the others cannot
	first    *build.Session
}

// Run looks at a project. An error is of a question that could not be asked; what is wrong
// with the project is in the report.
func Run(ctx context.Context, r Request) (Report, error) {
	c := &checker{Request: r, sessions: map[string]*build.Session{}, unread: map[string]error{}}
	ids, err := r.Project.IDs()
	if err != nil {
		c.add("", "forks", "", err)
		return c.report, nil
	}
	asked := ids
	if r.Fork != "" {
		if err := fork.CheckID(r.Fork, ids); err != nil {
			return Report{}, err
		}
		asked = []string{r.Fork}
	}
	if err := c.open(ctx, ids); err != nil {
		return Report{}, err
	}
	for _, id := range asked {
		c.fork(id)
	}
	if r.Fork == "" {
		c.common(ids)
	}
	return c.report, ctx.Err()
}

// open opens a session that makes nothing on each fork that can be read. Its lock may be
// another one: what is wrong with that is said by itself.
func (c *checker) open(ctx context.Context, ids []string) error {
	o := build.Options{Env: c.Env, PlanOnly: true, Unlocked: true}
	for _, id := range ids {
		f, err := c.Project.Fork(id)
		if err != nil {
			c.unread[id] = err
			continue
		}
		l, _ := lock.Read(f.Abs("fork.lock"))
		var s *build.Session
		if c.first == nil {
			s, err = build.Open(ctx, f, l, o)
			c.first = s
		} else {
			s, err = c.first.On(ctx, f, l)
		}
		if err != nil {
			return err
		}
		c.sessions[id] = s
	}
	return nil
}

// add adds what was found of a fork, or of the project: found, or what is wrong.
func (c *checker) add(id, name, found string, err error) {
	c.report.Checks = append(c.report.Checks, Check{
		Fork: id, Name: name, Found: found, Faults: faults(c.Project, err),
	})
	if last := &c.report.Checks[len(c.report.Checks)-1]; len(last.Faults) > 0 {
		last.Found = ""
	}
}

// skip adds what was not looked at, and why.
func (c *checker) skip(id, name, why string) {
	c.report.Checks = append(c.report.Checks, Check{Fork: id, Name: name, Skipped: why})
}

// common looks at what forks have in common.
func (c *checker) common(ids []string) {
	_, err := c.Project.Fork("")
	none := new(*fork.NoDefaultError)
	switch _, read := c.sessions[ids[0]]; {
	case errors.As(err, none):
		c.add("", "forks", text.Count(len(ids), "fork")+", none of them the default: name one with -fork", nil)
	case len(ids) > 1 && len(c.sessions) == len(ids):
		c.add("", "forks", text.Count(len(ids), "fork"), err)
	case len(ids) == 1 && read:
		c.add("", "forks", "1 fork", nil)
	default:
		c.skip("", "forks", "some cannot be read")
	}
	c.profiles()
	c.overlay(ids)
	data, err := os.ReadFile(c.Project.Path(settings.File))
	if errors.Is(err, fs.ErrNotExist) {
		c.skip("", settings.File, "the project has none: it keeps no repositories")
		return
	}
	if err == nil {
		_, err = settings.Read(settings.File, data)
	}
	c.add("", settings.File, "", err)
}

// profiles looks at the profiles of the project.
func (c *checker) profiles() {
	files, err := filepath.Glob(c.Project.Path("profiles/*.yaml"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		_, unknown, err := profiles.Load(c.Project.Dir, name)
		for _, f := range unknown {
			err = errors.Join(err, errors.New(f.Message))
		}
		c.add("", filepath.Join("profiles", filepath.Base(file)), "", err)
	}
	if err != nil {
		c.add("", "profiles", "", err)
	}
}

// overlay looks at the overlay of all forks, if each of them can be in one.
func (c *checker) overlay(ids []string) {
	var all []*build.Session
	for _, id := range ids {
		s, ok := c.sessions[id]
		if !ok {
			c.skip("", "overlay", id+" cannot be read")
			return
		}
		if s.Fork().Ebuilds.Distfiles == "" {
			c.skip("", "overlay", id+" has no ebuilds.distfiles")
			return
		}
		all = append(all, s)
	}
	c.add("", "overlay", text.Count(len(all), "fork"), overlay.Check(all, overlay.Request{}))
}
