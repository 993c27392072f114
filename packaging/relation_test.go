package packaging

import (
	"reflect"
	"testing"
)

func TestRelationNames(t *testing.T) {
	for r, want := range map[Relation][]Name{
		"iptables":                      {{"iptables", "", ""}},
		"libc6 >= 2.34":                 {{"libc6", ">=", "2.34"}},
		"kubelet = self":                {{"kubelet", "=", "self"}},
		"mate < 1.4~rc.1+acme.2-3":      {{"mate", "<", "1.4~rc.1+acme.2-3"}},
		"rum > 1:2":                     {{"rum", ">", "1:2"}},
		"iptables >= 1.4.21 | nftables": {{"iptables", ">=", "1.4.21"}, {"nftables", "", ""}},
		"net-misc/socat":                {{"net-misc/socat", "", ""}},
		"libstdc++6 <= 9":               {{"libstdc++6", "<=", "9"}},
	} {
		if got := r.Names(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q.Names() = %q, want %q", r, got, want)
		}
	}
}

func TestRelationRefuses(t *testing.T) {
	for _, r := range []Relation{
		"", "Iptables", "iptables>=1", "iptables >= ", "iptables >=", "a|b", "a | ", "a (>= 1)", "a == 1", "a >= 1 2",
		"a/b/c", "-a", "a\n",
	} {
		want := `"` + string(r) + `" is not a relation: ` +
			`want a package name, or alternatives like "iptables >= 1.4.21 | nftables"`
		if r == "a\n" {
			want = `"a\n" is not a relation: ` +
				`want a package name, or alternatives like "iptables >= 1.4.21 | nftables"`
		}
		_, err := r.parse()
		fails(t, string(r), err, want)
	}
}

func TestRelationResolve(t *testing.T) {
	p := Package{Name: "cook", Version: parsed(t, "1.4.1-rc.2+acme.3"), Distro: "1.4.1~rc.2+acme.3", Revision: 4}
	for _, c := range []struct {
		family Family
		in     Relation
		want   []Relation
	}{
		{Debian(), "rum", []Relation{"rum"}},
		{Debian(), "rum >= 1.2", []Relation{"rum >= 1.2"}},
		{Debian(), "peas = self", []Relation{"peas = 1.4.1~rc.2+acme.3-4"}},
		{Debian(), "peas >= upstream", []Relation{"peas >= 1.4.1-rc.2"}},
		{Debian(), "iptables >= 1.4.21 | nftables", []Relation{"iptables >= 1.4.21 | nftables"}},
		{Debian(), "util-linux", nil},
		{Debian(), "util-linux | rum", []Relation{"rum"}},
		{Fedora(), "conntrack", []Relation{"conntrack-tools"}},
		{Fedora(), "nfs-common >= 1", []Relation{"nfs-utils >= 1"}},
		{Fedora(), "iptables >= 1.4.21 | nftables", []Relation{"iptables >= 1.4.21"}},
		{Fedora(), "mount | rum", []Relation{"rum"}},
		{Fedora(), "mount", nil},
		{Gentoo(), "iptables | nftables", []Relation{"net-firewall/iptables | net-firewall/nftables"}},
		{Gentoo(), "containerd | cri-o", nil},
	} {
		same(t, c.family.Name+": "+string(c.in), c.in.resolve(p, c.family), c.want...)
	}
}

// What dpkg says of these in a control file is an error, or a warning.
func TestRelationCheck(t *testing.T) {
	const alternatives = ` has alternatives, which only depends, recommends and suggests may have: ` +
		`list each package by itself`
	version := func(s string) string {
		return `"` + s + `" is not a version: it begins with a digit, as 1.4.21 or 1:2.0~rc.1-1 does`
	}
	for _, c := range []struct {
		key  string
		r    Relation
		want string
	}{
		{"depends", "rum >= 1:2.0~rc.1+b-1-2 | rope = self", ""},
		{"suggests", "rum | rope", ""},
		{"provides", "rum = upstream", ""},
		{"conflicts", "rum << 1", `"rum << 1" is not a relation: ` +
			`want a package name, or alternatives like "iptables >= 1.4.21 | nftables"`},
		{"conflicts", "rum | rope", `"rum | rope"` + alternatives},
		{"replaces", "rum | rope < 2", `"rum | rope < 2"` + alternatives},
		{"provides", "rum | rope", `"rum | rope"` + alternatives},
		{"provides", "rum >= 1", `"rum >= 1": what a package provides has one version, or none: write rum = VERSION`},
		{"depends", "rum | net-misc/socat",
			`"rum | net-misc/socat": net-misc/socat is not a name of Debian's: leave out the category`},
		{"depends", "rum >= abc", `"rum >= abc": ` + version("abc")},
		{"depends", "rum >= ~1", `"rum >= ~1": ` + version("~1")},
		{"depends", "rum >= 1.0-", `"rum >= 1.0-": ` + version("1.0-")},
		{"depends", "rum >= x:1", `"rum >= x:1": ` + version("x:1")},
		{"depends", "rum >= 1:2:3", `"rum >= 1:2:3": ` + version("1:2:3")},
	} {
		fails(t, c.key+": "+string(c.r), c.r.check(c.key), c.want)
	}
}
