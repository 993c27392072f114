// Package source fetches exactly one pinned upstream and lays it out as in its
// repository.
package source

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/version"
)

// Upstream says where a fork's sources come from: the section upstream of
// fork.yaml. It is a module, a git repository or an archive.
type Upstream struct {
	// Module is a Go module and its version, path@version.
	Module string `yaml:"module" json:"module,omitempty"`
	// Git is a repository: a URL, or a path relative to the project.
	Git string `yaml:"git" json:"git,omitempty"`
	// Commit is the upstream commit, 40 hex digits. A repository is read at it.
	// Of a module or an archive, which do not tell it, it is only what binaries
	// name.
	Commit string `yaml:"commit" json:"commit,omitempty"`
	// Tag is a tag of the repository that has to point at Commit.
	Tag string `yaml:"tag" json:"tag,omitempty"`
	// Exclude are globs of files that are left out: of the repository's tree, and of
	// the patches. Of a module, which has neither vendor nor nested modules, only the
	// patches are meant.
	Exclude []string `yaml:"exclude" json:"exclude,omitempty"`
	// Archive is a file with the sources: a URL, or a path relative to the
	// project.
	Archive string `yaml:"archive" json:"archive,omitempty"`
	// SHA256 is the archive's, 64 hex digits.
	SHA256 string `yaml:"sha256" json:"sha256,omitempty"`
	// Strip is how many leading folders to take off the names in the archive.
	Strip int `yaml:"strip" json:"strip,omitempty"`
}

var (
	commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256ID = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// noSHA256 says what is wrong with an id of 64 digits, and what to do.
const noSHA256 = "64 hex digits are an id by SHA-256, and Slipway reads only repositories that use SHA-1: " +
	"take a tarball of the source, as upstream.archive"

// Validate returns what is wrong with the section.
func (u Upstream) Validate() []config.Fault {
	var faults []config.Fault
	kinds := 0
	for _, kind := range []string{u.Module, u.Git, u.Archive} {
		if kind != "" {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		faults = append(faults,
			config.Faultf("", "no upstream: add \"module\", such as k8s.io/kubernetes@v1.36.1, or \"git\", or \"archive\""))
	case kinds > 1:
		faults = append(faults, config.Faultf("", "more than one upstream: keep one of \"module\", \"git\" and \"archive\""))
	case u.Module != "":
		faults = append(faults, validModule(u.Module)...)
	case u.Git != "":
		faults = append(faults, u.validGit()...)
	default:
		faults = append(faults, u.validArchive()...)
	}
	for _, f := range []struct {
		field string
		set   bool
		kind  string
	}{
		{"tag", u.Tag != "", u.Git}, {"exclude", len(u.Exclude) > 0, u.Git + u.Module},
		{"sha256", u.SHA256 != "", u.Archive}, {"strip", u.Strip != 0, u.Archive},
	} {
		if f.set && f.kind == "" && kinds == 1 {
			faults = append(faults, config.Faultf(f.field, "does not apply to this kind of upstream: remove it"))
		}
	}
	return append(faults, u.validNames()...)
}

// validNames returns what is wrong with the globs and the id.
func (u Upstream) validNames() []config.Fault {
	var faults []config.Fault
	for i, pattern := range u.Exclude {
		if err := glob.Check(pattern); err != nil {
			faults = append(faults, config.At("exclude", i, "%v", err))
		}
	}
	if sha256ID.MatchString(u.Commit) && u.Git != "" {
		faults = append(faults, config.Faultf("commit", "%s", noSHA256))
	} else if u.Commit != "" && !commitID.MatchString(u.Commit) {
		faults = append(faults, config.Faultf("commit", "%q is not a commit: want 40 hex digits in lower case", u.Commit))
	}
	return faults
}

func validModule(mod string) []config.Fault {
	path, vers, _ := strings.Cut(mod, "@")
	if vers == "" {
		return []config.Fault{config.Faultf("module", "%q has no version: write %s@v1.2.3", mod, path)}
	}
	if err := module.Check(path, vers); err != nil {
		return []config.Fault{config.Faultf("module", "%v", err)}
	}
	if module.CanonicalVersion(vers) != vers {
		return []config.Fault{config.Faultf("module",
			"%s is only part of a version and pins nothing: write the full version, such as v1.36.1", vers)}
	}
	return nil
}

func (u Upstream) validGit() []config.Fault {
	faults := validRepository("git", u.Git)
	if u.Commit == "" {
		faults = append(faults, config.Faultf("commit", "is missing: write the 40 hex digits of the commit to build"))
	}
	if strings.ContainsAny(u.Tag, " \t\n~^:?*[\\") || strings.HasPrefix(u.Tag, "-") {
		faults = append(faults, config.Faultf("tag", "%q is not the name of a tag", u.Tag))
	}
	return faults
}

// validRepository checks the URL or path of a repository. Passwords do not
// belong in a file that is committed, nor in the records that name it.
func validRepository(field, at string) []config.Fault {
	u, err := url.Parse(at)
	_, password := u.User.Password()
	switch {
	case strings.ContainsAny(at, " \t\n") || strings.HasPrefix(at, "-"):
		return []config.Fault{config.Faultf(field, "%q is neither a URL nor a path without spaces", at)}
	case err == nil && (password || u.User != nil && strings.HasPrefix(u.Scheme, "http")):
		return []config.Fault{config.Faultf(field,
			"%s has a user or a password in it: leave them to git's credential helpers", run.Redact(at))}
	}
	return nil
}

// Version returns the upstream's version, if it is a release or pre-release
// and not just a commit.
func (u Upstream) Version() (version.Version, bool) {
	_, vers, _ := strings.Cut(u.Module, "@")
	if u.Git != "" {
		vers = u.Tag
	}
	if module.IsPseudoVersion(vers) {
		return version.Version{}, false
	}
	v, err := version.Parse(strings.TrimSuffix(strings.TrimPrefix(vers, "v"), "+incompatible"))
	return v, err == nil
}

// Pin names exactly what is fetched, without spaces.
func (u Upstream) Pin() string {
	switch {
	case u.Git != "":
		return u.Git + "@" + u.Commit
	case u.Archive != "":
		return u.Archive + "@sha256:" + u.SHA256
	}
	return u.Module
}

// String names the upstream as people do.
func (u Upstream) String() string {
	switch {
	case u.Tag != "":
		return u.Git + "@" + u.Tag
	case u.Git != "":
		return u.Git + "@" + u.Commit[:min(12, len(u.Commit))]
	case u.Archive != "":
		return path.Base(u.Archive)
	}
	return u.Module
}

// At returns the upstream's version, tag or commit, by itself.
func (u Upstream) At() string {
	if u.Git != "" {
		return cmp.Or(u.Tag, u.Commit)
	}
	_, vers, _ := strings.Cut(u.Module, "@")
	return vers
}
