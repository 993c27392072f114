package check

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/text"
	deployed "github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/pipeline/image"
	"github.com/slipway-build/slipway/pipeline/kubespray"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/spec"
	"github.com/slipway-build/slipway/sysroot"
)

// fork looks at a fork: at each of its files by itself, then at what is made of them.
func (c *checker) fork(id string) {
	file := filepath.Join("forks", id, "fork.yaml")
	loaded, err := spec.Load(c.Project.Dir, c.Project.Path(file), file)
	c.add(id, "fork.yaml", fmt.Sprintf("%s %s, from %s", loaded.Name, loaded.Version, loaded.Upstream), err)
	c.series(id, loaded.Carried)
	s, ok := c.sessions[id]
	if !ok {
		c.rest(id)
		_, err := lock.Read(c.Project.Path(filepath.Join("forks", id, "fork.lock")))
		c.add(id, "fork.lock", "can be read", err)
		c.skip(id, "release", "what is made of the fork is known once its files are right")
		return
	}
	f := s.Fork()
	l, err := f.ReadLock()
	c.add(id, "fork.lock", "pins "+text.Count(len(l.Patches), "patch")+" and the trees", err)
	if f.Images.Debian.IsSet() {
		c.add(id, "base.lock", "", image.CheckBase(f))
	}
	c.vex(f)
	c.sysroots(f)
	c.forms(s)
	c.kubespray(s)
}

// rest adds what keeps a fork from being read and is not of one file alone, such as a series of the patch library that
// has no patches for its version.
func (c *checker) rest(id string) {
	left := faults(c.Project, c.unread[id])
	for _, one := range c.report.Checks {
		left = slices.DeleteFunc(left, func(f Fault) bool { return one.Fork == id && slices.Contains(one.Faults, f) })
	}
	if len(left) > 0 {
		c.report.Checks = append(c.report.Checks, Check{Fork: id, Name: "fork", Faults: left})
	}
}

// series looks at the files of a fork's series, each of which has to be a patch.
func (c *checker) series(id string, carried []spec.Carried) {
	dir := filepath.Join("forks", id, "patches")
	series, err := patches.ReadSeries(c.Project.Path(dir))
	errs := []error{err}
	for _, p := range series {
		_, err := patches.Parse(p)
		if err == nil {
			_, err = p.CVEs()
		}
		if e, ok := errors.AsType[*patches.ParseError](err); ok {
			named := *e
			named.Dir = dir
			err = &named
		}
		errs = append(errs, err)
	}
	found := text.Count(len(series), "file")
	for _, from := range carried {
		found += ", " + cmp.Or(from.Library, from.Git)
	}
	c.add(id, "patches", found, errors.Join(errs...))
}

// vex looks at whether the statements of a fork agree with what its patches fix.
func (c *checker) vex(f fork.Fork) {
	if len(f.Vex) > 0 {
		c.add(f.ID, "vex", text.Count(len(f.Vex), "statement"), build.CheckVex(f))
	}
}

// sysroots looks at the folders that a fork compiles C with, and at what pins the packages
// of the others.
func (c *checker) sysroots(f fork.Fork) {
	var folders, pinned []error
	for _, p := range f.Platforms {
		switch of := f.Build.C[p.String()]; {
		case of.Sysroot != "":
			err := cross.LookAtSysroot(f.Project.At(of.Sysroot))
			if err != nil {
				err = f.Refuse(fmt.Sprintf("build.c.%s.sysroot", p), "%v", err)
			}
			folders = append(folders, err)
		case !of.Debian.Empty():
			_, err := sysroot.Pins(f, p)
			if err == nil {
				_, err = sysroot.Archives(f.Project.Dir, of.Debian)
			}
			pinned = append(pinned, err)
		}
	}
	if n := len(folders); n > 0 {
		c.add(f.ID, "sysroots", text.Count(n, "folder"), errors.Join(folders...))
	}
	if n := len(pinned); n > 0 {
		c.add(f.ID, sysroot.LockFile, text.Count(n, "platform"), errors.Join(pinned...))
	}
}

// forms looks at what a fork is released as. A form that it has nothing in is only a fault
// if fork.yaml asks for it.
func (c *checker) forms(s *build.Session) {
	f := s.Fork()
	for _, form := range settings.Artifacts {
		err := c.form(s, form)
		switch asked := len(f.Release.Artifacts) > 0; {
		case !f.Release.Has(form):
			c.skip(f.ID, form, "is not in release.artifacts")
		case !asked && form == settings.Ebuild && f.Ebuilds.Distfiles == "":
			c.skip(f.ID, form, "ebuilds.distfiles is not set")
		case !asked && pipeline.HasNone(err):
			c.skip(f.ID, form, strings.Split(err.Error(), "\n")[0])
		case !asked && f.Packages.Maintainer == "" && err != nil && (form == settings.Deb || form == settings.RPM):
			c.skip(f.ID, form, "packages.maintainer is not set")
		default:
			c.add(f.ID, form, "can be made", err)
		}
	}
}

// kubespray looks at the variables that would be written once the fork's images are made, if
// the profile has any. A fork need not make all that Kubespray deploys.
func (c *checker) kubespray(s *build.Session) {
	const name = "kubespray"
	f := s.Fork()
	made, err := c.images(s)
	if err != nil {
		made = nil // which is said of its form
	}
	err = kubespray.Foresee(s, made)
	var none *profiles.MissingError
	var missing *deployed.MissingError
	switch {
	case errors.As(err, &none):
	case errors.As(err, &missing) && missing.Image != "":
		c.skip(f.ID, name, "the fork makes no image "+missing.Image)
	case errors.As(err, &missing):
		c.skip(f.ID, name, missing.Error())
	default:
		c.add(f.ID, name, "can be written", err)
	}
}

// images returns the names of the images that a fork makes.
func (c *checker) images(s *build.Session) ([]string, error) {
	making, err := pipeline.NewImaging(s.Fork(), image.Request{Programs: c.Programs})
	if err != nil {
		return nil, err
	}
	sessions, err := c.sessionsOf(making.IDs())
	if err != nil {
		return nil, err
	}
	set, err := making.Plan(sessions)
	var names []string
	for _, a := range set {
		names = append(names, a.Name)
	}
	return names, err
}

// form returns what is known to keep a form of a fork from being made.
func (c *checker) form(s *build.Session, form string) error {
	making, err := pipeline.NewReleasing(s.Fork(), s.Fork().Platforms, c.Programs, form)
	if err != nil {
		return err
	}
	sessions, err := c.sessionsOf(making.IDs())
	if err != nil {
		return err
	}
	return making.With(sessions).Check()
}

// sessionsOf returns the sessions on forks.
func (c *checker) sessionsOf(ids []string) ([]*build.Session, error) {
	var out []*build.Session
	for _, id := range ids {
		of, ok := c.sessions[id]
		if !ok {
			return nil, fmt.Errorf("fork %s, which it is made with, cannot be read", id)
		}
		out = append(out, of)
	}
	return out, nil
}
