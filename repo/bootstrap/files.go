package bootstrap

import (
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/repo/tree"
)

// Paths on clients. One file for each suite, so that an operator who has switched a suite on
// or off never has to merge that with a suite that is new.
const (
	keyringDir     = "/usr/share/keyrings/"
	sourcesDir     = "/etc/apt/sources.list.d/"
	preferencesDir = "/etc/apt/preferences.d/"
	rpmKeyDir      = "/etc/pki/rpm-gpg/"
	yumDir         = "/etc/yum.repos.d/"
)

func (in Input) keyringFile() string { return in.Name + "-archive-keyring.gpg" }
func (in Input) rpmKey() string      { return rpmKeyDir + "RPM-GPG-KEY-" + in.Name }

// Files returns what a client can fetch besides packages, all of the class Commit: NAME.asc,
// NAME-archive-keyring.gpg, apt/SUITE.sources and rpm/SUITE.repo. There is none without keys.
//
// A .sources names the keyring by the path at which the keyring package has it. Whoever
// fetches both gets the next key with that package, where a key inside of the .sources would
// stay as it is; and apt refuses two sources of one suite whose keys are named in two ways.
func Files(in Input) ([]tree.File, error) {
	in.Version = max(in.Version, 1) // which files have nothing of
	if err := in.Check(); err != nil {
		return nil, err
	}
	ring, err := in.keyring()
	if err != nil || len(ring.certs) == 0 {
		return nil, err
	}
	files := []tree.File{
		tree.Of(tree.Commit, in.Name+".asc", ring.armored),
		tree.Of(tree.Commit, in.keyringFile(), ring.binary),
	}
	for _, s := range in.Suites {
		s.Enabled = true // who fetches a suite's file wants it
		files = append(files,
			tree.Of(tree.Commit, "apt/"+s.Name+".sources", in.sources(s)),
			tree.Of(tree.Commit, "rpm/"+s.Name+".repo", in.repo(s, in.URL+"/"+in.Name+".asc")))
	}
	tree.Sort(files)
	return files, nil
}

// Aliases returns the packages' names at the root, NAME-archive-keyring.deb and
// NAME-release.rpm: aliases of the content in pool and packages.
func Aliases(name string, deb, rpm tree.File) []tree.File {
	return []tree.File{
		tree.AliasOf(tree.Commit, name+"-archive-keyring.deb", deb),
		tree.AliasOf(tree.Commit, name+"-release.rpm", rpm),
	}
}

// sources is a deb822 stanza, as sources.list(5) has it.
func (in Input) sources(s Suite) []byte {
	return fmt.Appendf(nil, `# %s: %s
# Enabled: yes switches it on, no off.
Enabled: %s
Types: deb
URIs: %s/apt
Suites: %s
Components: main
Signed-By: %s%s
`, in.Label, s.Name, map[bool]string{true: "yes", false: "no"}[s.Enabled], in.URL, s.Name, keyringDir, in.keyringFile())
}

// repo is a section of dnf.conf(5). priority decides before versions do: dnf takes what
// several repositories have from the one with the lowest, 99 unless told.
func (in Input) repo(s Suite, key string) []byte {
	return fmt.Appendf(nil, `# enabled=1 switches it on, 0 off.
[%s-%s]
name=%s: %s
mirrorlist=%s/rpm/%s/mirrorlist
enabled=%d
gpgcheck=1
repo_gpgcheck=1
gpgkey=%s
priority=10
`, in.Name, s.Name, in.Label, s.Name, in.URL, s.Name, map[bool]int{true: 1}[s.Enabled], key)
}

// pinPriority is above 990, which apt gives all of a default release (APT::Default-Release) and
// at which the highest version would win again, and below 1000, from which on apt
// downgrades. What has written its data in a newer form may not read it in an older one, so that
// an upgrade must not downgrade: neither a host with upstream's newer version, nor after a rollback.
const pinPriority = 995

// preferences pins the packages to the origin, as apt_preferences(5) has it: upstream's
// version with a higher number is no candidate as long as there is one of this origin's.
func (in Input) preferences() []byte {
	return fmt.Appendf(nil, `Explanation: Packages of other repositories do not replace these, whatever their version.
Explanation: No priority below 1000 downgrades a package that is installed.
Package: %s
Pin: release o=%s
Pin-Priority: %d
`, strings.Join(in.Packages, " "), pinned(in.Origin), pinPriority)
}

// pinned quotes an origin for a pin. A comma would end it there, and wildcards and slashes
// around it have a meaning: apt has no quotes for them, but ? is any character.
func pinned(origin string) string {
	quoted := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`,*?[\`, r) {
			return '?'
		}
		return r
	}, origin)
	if strings.HasPrefix(quoted, "/") {
		quoted = "?" + quoted[1:]
	}
	return quoted
}
