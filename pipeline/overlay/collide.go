package overlay

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/profiles"
)

// taken are the names that a fork takes in an overlay, and on hosts.
type taken struct {
	fork    string
	project ebuilds.Project
	version string // of its ebuilds
	// names maps each name to what the fork says of it: forks that say the same have it
	// in common. Of an empty name there is only one.
	names map[string]string
	files []string // that its packages install
}

// atom is how Gentoo names the fork's package.
func (t taken) atom() string { return t.project.Category + "/" + t.project.Name }

// takenBy returns what a fork takes by the names of its packages.
func takenBy(id string, project ebuilds.Project, version string) taken {
	t := taken{fork: id, project: project, version: version, names: map[string]string{}}
	t.names[t.atom()+"-"+version] = ""
	t.names[fmt.Sprintf("distfiles/%s-%s-*.tar.xz", project.Name, version)] = ""
	for _, suffix := range []string{"", "-bin", "-meta"} {
		t.names[t.atom()+suffix] = "a package of " + t.atom()
	}
	return t
}

// taken returns what the fork of a plan takes.
func (p plan) taken(id string) taken {
	t := takenBy(id, p.fork.Project, p.fork.Version)
	t.names["distfiles/"+p.fork.Project.Name+"-"+p.upstream+".tar.xz"] = "the upstream tree " + p.source
	for user, n := range p.fork.Project.Accounts {
		t.names["acct-user/"+user] = fmt.Sprintf("the id %d", n)
		t.names[fmt.Sprintf("user id %d", n)] = "that of " + user
	}
	for _, pkg := range p.known {
		t.files = append(t.files, ebuilds.Installed(pkg)...)
	}
	return t
}

// collide tells of what two forks would both write.
func collide(a, b taken) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.names)) {
		said, both := b.names[name]
		switch ours := a.names[name]; {
		case !both || said == ours && said != "":
		case said == "":
			errs = append(errs, fmt.Errorf("forks %s and %s would both write %s: "+
				"change the version in one fork.yaml, or the name in one gentoo.yaml", a.fork, b.fork, name))
		default:
			errs = append(errs, fmt.Errorf("forks %s and %s do not agree on %s: it would be %s, and %s: "+
				"change the upstream in one fork.yaml, or the name or the accounts in one gentoo.yaml",
				a.fork, b.fork, name, ours, said))
		}
	}
	blocks := slices.Contains(a.project.Rivals, b.atom()) || slices.Contains(b.project.Rivals, a.atom())
	for _, at := range a.files {
		if a.atom() != b.atom() && !blocks && slices.Contains(b.files, at) {
			errs = append(errs, fmt.Errorf("forks %s and %s would both install %s, as %s and %s: "+
				"leave it out of one, or add the other package to rivals in gentoo.yaml", a.fork, b.fork, at, a.atom(), b.atom()))
		}
	}
	return errors.Join(errs...)
}

// collisions tells of what forks of a run would both write, and of ebuilds and
// distfiles that are also those of the others, which the run leaves out.
func collisions(sessions []*build.Session, plans []plan, others []taken) error {
	all := make([]taken, len(plans))
	for i, p := range plans {
		all[i] = p.taken(sessions[i].Fork().ID)
	}
	var errs []error
	for i, a := range all {
		for _, b := range slices.Concat(all[i+1:], others) {
			errs = append(errs, collide(a, b))
		}
	}
	return errors.Join(errs...)
}

// leftOut returns what the other forks of the project that have ebuilds, too, take
// by the names of their packages.
func leftOut(run []fork.Fork) ([]taken, error) {
	others, err := run[0].Others()
	if err != nil {
		return nil, err
	}
	var out []taken
	for _, other := range others {
		version, err := other.Parsed.Gentoo()
		same := func(f fork.Fork) bool { return f.ID == other.ID }
		if slices.ContainsFunc(run, same) || other.Ebuilds.Distfiles == "" || err != nil {
			continue
		}
		if p, err := profiles.Gentoo(other.Project.Dir, other.Profile); err == nil {
			out = append(out, takenBy(other.ID, p, version))
		}
	}
	return out, nil
}
