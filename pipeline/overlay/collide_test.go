package overlay

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/packaging"
)

// TestCollide has what two forks, a and b, would both write. To add a case, add a
// row: the plans of both, and the errors.
func TestCollide(t *testing.T) {
	of := func(atom, version, upstream string, files ...string) plan {
		category, name, _ := strings.Cut(atom, "/")
		var pkg packaging.Package
		for _, at := range files {
			pkg.Files = append(pkg.Files, packaging.File{Path: at})
		}
		return plan{
			upstream: upstream, source: "sha256:1", known: []packaging.Package{pkg},
			fork: ebuilds.Fork{Project: ebuilds.Project{Category: category, Name: name}, Version: version},
		}
	}
	with := func(p plan, change func(*plan)) plan {
		change(&p)
		return p
	}
	account := func(user string, id int) func(*plan) {
		return func(p *plan) { p.fork.Project.Accounts = map[string]int{user: id} }
	}
	const instead = ": change the version in one fork.yaml, or the name in one gentoo.yaml"
	const agree = ": change the upstream in one fork.yaml, or the name or the accounts in one gentoo.yaml"
	const bosun = "/usr/lib/systemd/system/bosun.service"
	ship := of("app-misc/ship", "1.4.1_p1", "1.4.1", "/usr/bin/bosun")
	for name, c := range map[string]struct {
		a, b plan
		want []string
	}{
		"two versions":               {ship, of("app-misc/ship", "1.5.0_p1", "1.5.0", "/usr/bin/bosun"), nil},
		"two revisions of a release": {ship, of("app-misc/ship", "1.4.1_p2", "1.4.1", "/usr/bin/bosun"), nil},
		"two projects":               {ship, of("app-misc/boat", "1.4.1_p1", "1.4.1", "/usr/bin/boat"), nil},
		"one version": {ship, ship, []string{
			"forks a and b would both write app-misc/ship-1.4.1_p1" + instead,
			"forks a and b would both write distfiles/ship-1.4.1_p1-*.tar.xz" + instead,
		}},
		"one release of two upstreams": {
			ship, with(of("app-misc/ship", "1.4.1_p2", "1.4.1"), func(p *plan) { p.source = "sha256:2" }),
			[]string{"forks a and b do not agree on distfiles/ship-1.4.1.tar.xz: " +
				"it would be the upstream tree sha256:1, and the upstream tree sha256:2" + agree},
		},
		"one name in two categories": {
			ship, of("sys-boot/ship", "1.4.1_p1", "1.4.1"),
			[]string{"forks a and b would both write distfiles/ship-1.4.1_p1-*.tar.xz" + instead},
		},
		"a name that another one's binary package has": {
			ship, of("app-misc/ship-bin", "2", "2"),
			[]string{"forks a and b do not agree on app-misc/ship-bin: " +
				"it would be a package of app-misc/ship, and a package of app-misc/ship-bin" + agree},
		},
		"a user with two ids": {
			with(ship, account("bosun", 491)), with(of("app-misc/boat", "1", "1"), account("bosun", 492)),
			[]string{"forks a and b do not agree on acct-user/bosun: it would be the id 491, and the id 492" + agree},
		},
		"an id of two users": {
			with(ship, account("bosun", 491)), with(of("app-misc/boat", "1", "1"), account("mate", 491)),
			[]string{"forks a and b do not agree on user id 491: it would be that of bosun, and that of mate" + agree},
		},
		"a user of both": {
			with(ship, account("bosun", 491)), with(of("app-misc/boat", "1", "1"), account("bosun", 491)), nil,
		},
		"a file": {
			ship, of("app-misc/boat", "1", "1", "/usr/bin/bosun"),
			[]string{"forks a and b would both install /usr/bin/bosun, as app-misc/ship and app-misc/boat: " +
				"leave it out of one, or add the other package to rivals in gentoo.yaml"},
		},
		"users, which are packages by themselves": {
			of("app-misc/ship", "1", "1", "/usr/lib/sysusers.d/bosun.conf"),
			of("app-misc/boat", "1", "1", "/usr/lib/sysusers.d/bosun.conf"), nil,
		},
		"a file of rivals": {
			ship, with(of("app-misc/boat", "1", "1", "/usr/bin/bosun"),
				func(p *plan) { p.fork.Project.Rivals = []string{"app-misc/ship"} }), nil,
		},
		"an init script": {
			of("app-misc/ship", "1", "1", bosun), of("app-misc/boat", "1", "1", "/etc/init.d/bosun"),
			[]string{"forks a and b would both install /etc/init.d/bosun, as app-misc/ship and app-misc/boat: " +
				"leave it out of one, or add the other package to rivals in gentoo.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, collide(c.a.taken("a"), c.b.taken("b")), strings.Join(c.want, "\n"))
		})
	}
}
