//go:build acceptance && linux

package acceptance

import "strings"

const (
	update  = "apt-get update --error-on=any\n"
	install = "apt-get install -y --no-install-recommends "
	afresh  = "rm -rf /var/lib/apt/lists/*; apt-get clean\n" // apt asks for all again
	etcd    = "dpkg-query -W -f '${Version}' etcd"           // its version
	etcdctl = "rpm -q --qf '%{VERSION}' etcdctl"
)

// beginsAPT starts with apt as the page says, and installs etcd unless somebody changed something.
func (s subscriber) beginsAPT() {
	s.t.Helper()
	s.run(s.site.commands(s.t, "apt", "once, the key and the sources"))
	s.run(s.site.commands(s.t, "apt", suite))
	for _, c := range []struct{ changed, script, says string }{
		{`/dists/` + suite + `/InRelease$`, update, "BADSIG|sqv returned an error"},
		{`/dists/` + suite + `/main/binary-.*/by-hash/`, update, "Hash Sum mismatch"},
		{`/pool/.*/etcd_`, update + install + "etcd", "Hash Sum mismatch"},
	} {
		s.site.spoil(c.changed, func() { s.refuses(afresh+c.script, c.says) })
	}
	s.refuses(etcd, "no packages found")
	s.run(update + install + "etcd")
	s.is(etcd, first+"-1")
	s.runs("etcd")
	s.run("apt-get install -qq apt-file; apt-file update")
	s.is("apt-file search --fixed-string /usr/bin/etcdutl", "etcdutl: /usr/bin/etcdutl")
	s.pinned()
}

// pinned has another origin offer a higher version.
func (s subscriber) pinned() {
	s.t.Helper()
	s.put("srv/other/Packages", `Package: etcd
Version: 99-1
Architecture: all
Filename: ./etcd.deb
Size: 1
SHA256: %s
`, strings.Repeat("0", 64))
	s.put("etc/apt/sources.list.d/other.list", "deb [trusted=yes] file:/srv/other ./\n")
	says(s.t, "apt", s.run("apt-get -qq update; apt-cache policy etcd"), "99-1", "Candidate: "+first+"-1")
	s.run("rm /etc/apt/sources.list.d/other.list; apt-get -qq update")
}

// beginsDNF starts with dnf as the page says, and installs etcdctl unless somebody changed something.
func (s subscriber) beginsDNF() {
	s.t.Helper()
	s.run(s.site.commands(s.t, "dnf", "once, the key and the repositories"))
	s.run(s.site.commands(s.t, "dnf", suite))
	for _, c := range []struct{ changed, says string }{
		{`/repodata/repomd\.xml$`, "(?i)gpg|pgp|signature"},
		{`/repodata/.*primary`, "(?i)checksum"},
		{`/rpm/packages/.*/etcdctl-`, "(?i)checksum"},
	} {
		s.site.spoil(c.changed, func() { s.refuses("dnf clean all; dnf install etcdctl", c.says) })
	}
	s.refuses(etcdctl, "not installed")
	s.run("dnf clean all; dnf install etcdctl")
	s.is(etcdctl, first)
}

// downloads fetches etcd as the page says.
func (s subscriber) downloads() {
	s.t.Helper()
	fetch := s.site.commands(s.t, "curl", "the newest etcd of "+suite+", stable")
	s.site.spoil("/bin/linux/.*/etcd$", func() { s.refuses(fetch, "did NOT match") })
	s.run(fetch)
	s.run("chmod +x etcd")
	s.runs("./etcd")
	s.run("rm etcd")
}

// tries looks at the candidate, which nobody gets who has not asked for it.
func (s subscriber) tries() {
	s.t.Helper()
	policy := update + "apt-cache policy etcd"
	says(s.t, "apt", s.run(policy), "Candidate: "+first+"-1")
	s.run("dnf upgrade")
	s.is(etcdctl, first)
	s.run(s.site.commands(s.t, "apt", suite+"-candidate"))
	says(s.t, "apt", s.run(policy), "Candidate: "+second+"-1")
	s.run(s.site.commands(s.t, "dnf", suite+"-candidate"))
	says(s.t, "dnf", s.run("dnf --refresh list --available etcdctl"), second)
	s.run(`sed -i 's/^Enabled: yes/Enabled: no/' /etc/apt/sources.list.d/*-candidate.sources
sed -i 's/^enabled=1/enabled=0/' /etc/yum.repos.d/*-candidate.repo`)
}

// upgrades takes the second version, by dnf since it fixes a vulnerability.
func (s subscriber) upgrades() {
	s.t.Helper()
	s.run(update + "apt-get upgrade -y")
	s.is(etcd, second+"-1")
	s.runs("etcd")
	says(s.t, "dnf", s.run("dnf --refresh updateinfo info"), fixed)
	s.run("dnf --refresh upgrade --security")
	s.is(etcdctl, second)
}

// goesBack takes the first version again: only if it is told so.
func (s subscriber) goesBack() {
	s.t.Helper()
	s.run(update + "apt-get dist-upgrade -y; dnf --refresh upgrade")
	s.is(etcd, second+"-1")
	s.is(etcdctl, second)
	openDocument(s.t, "repositories.md", s.shell()).run("--allow-downgrades")
	s.is(etcd, first+"-1")
	s.runs("etcd")
	s.is(etcdctl, first)
}

// dated takes the second version from the snapshot that had it, and goes back.
func (s subscriber) dated(id string) {
	s.t.Helper()
	if !s.snapshots {
		s.t.Skip("its apt knows no snapshots")
	}
	s.run("apt --snapshot " + id + " update\napt --snapshot " + id + " upgrade -y")
	s.is(etcd, second+"-1")
	s.run(update + install + "--allow-downgrades etcd=" + first + "-1")
}

// renews takes a version of the packages with the keys.
func (s subscriber) renews(version string) {
	s.t.Helper()
	s.run(update + "apt-get dist-upgrade -y")
	s.is("dpkg-query -W -f '${Version}' slipway-archive-keyring", version+"-1")
	s.run("dnf --refresh upgrade --security")
	s.refuses("rpm -q slipway-release-"+version, "not installed") // it fixes nothing
	s.run("dnf --refresh upgrade")
	s.is("rpm -q --qf '%{VERSION}' slipway-release", version)
}

// reads asks for all of the repository again.
func (s subscriber) reads() {
	s.t.Helper()
	s.run(afresh + update + install + "--reinstall etcd; dnf clean all; dnf reinstall etcdctl")
}

// runs asks a program of etcd what it is. It knows upstream's version alone.
func (s subscriber) runs(program string) {
	s.t.Helper()
	upstream, _, _ := strings.Cut(first, "+")
	says(s.t, program, s.run(program+" --version"), "etcd Version: "+upstream)
}
