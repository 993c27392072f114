package packaging

import (
	"slices"
	"strings"
	"testing"
)

// TestEachRuleCatches breaks the packages of the ship in one way after another.
func TestEachRuleCatches(t *testing.T) {
	file := func(f File) func(*Package) {
		return func(p *Package) {
			p.Files = append(slices.DeleteFunc(p.Files, func(o File) bool { return o.Path == f.Path }), f)
			slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
		}
	}
	home := strings.Join([]string{"", "home", "mate", "ship"}, "/") // so that this program itself does not name it
	for _, c := range []struct {
		pkg    string
		change func(*Package)
		want   string // none if it is right
	}{
		{"cook", func(*Package) {}, ""},
		{"cook", func(p *Package) { p.LicenseText = nil }, "it has no license text"},
		{"cook", file(File{Path: "/usr/local/bin/x", Mode: 0o755}), "/usr/local/bin/x lies in a folder that is no package's"},
		{"cook", file(File{Path: "/lib/systemd/system/x.service", Mode: 0o644}), "/lib/systemd/system/x.service lies in a folder that is no package's"},
		{"cook", file(File{Path: "/run/x", Mode: 0o644}), "/run/x lies in a folder that is no package's"},
		{"cook", file(File{Path: "usr/x", Mode: 0o644}), `"usr/x" is no path`},
		{"cook", file(File{Path: "/etc/x", Mode: 0o644}), "/etc/x: what the operator may change lies in /etc, and nothing else does"},
		{"cook", file(File{Path: "/usr/share/x", Kind: Config, Mode: 0o644}), "/usr/share/x: what the operator may change"},
		{"cook", file(File{Path: "/usr/share/x", Mode: 0o666}), "/usr/share/x can be written by others (0666)"},
		{"cook", file(File{Path: "/usr/share/x", Mode: 0o775}), "/usr/share/x can be written by others (0775)"},
		{"cook", file(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "y"}), "/usr/bin/x leads to /usr/bin/y, which neither it nor a package that it depends on has"},
		{"cook", file(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "../libexec/ship/captain"}), ""},
		{"captain", file(File{Path: "/usr/bin/x", Mode: 0o755, Source: "check_test.go"}), "/usr/bin/x: check_test.go is no program of Linux"},
		{"captain", func(p *Package) { p.Platform.Arch = "s390x" }, "/usr/libexec/ship/captain is a program for EM_"},
		{"cook", file(File{Path: unitDir + "x.service", Mode: 0o644, Data: []byte("[Unit]\n\n[Service]\nExecStart=-/usr/bin/absent --x\n")}), unitDir + "x.service runs /usr/bin/absent, which neither it nor a package"},
		{"cook", file(File{Path: unitDir + "x.service", Mode: 0o644, Data: []byte("[Unit]\n\n[Service]\nExecStart=/usr/libexec/ship/captain\nExecStop=!/bin/sh -c x\n")}), ""},
		{"cook", file(File{Path: unitDir + "x.service", Mode: 0o644, Data: []byte("[Unit]\n")}), unitDir + "x.service has no section [Service]"},
		{"cook", file(File{Path: unitDir + "theirs.service.d/x.conf", Mode: 0o644, Data: []byte("[Service]\nExecStart=/usr/bin/theirs\n")}), ""},
		{"cook", file(File{Path: unitDir + "cook.service.d/x.conf", Mode: 0o644, Data: []byte("[Service]\nExecStart=/usr/bin/theirs\n")}), "cook.service.d/x.conf runs /usr/bin/theirs"},
		{"cook", func(p *Package) { p.Restart = []string{"x.service"} }, "an upgrade would restart x.service, which it has not"},
		{"cook", file(File{Path: "/usr/share/x", Mode: 0o644, Data: []byte("made in " + home + " today")}), "/usr/share/x names " + home + ", a folder of the machine that it was made on"},
		{"cook", func(p *Package) { p.Relations.Depends = append(p.Relations.Depends, Relation("mate = "+p.Release())) }, "it depends on mate of this fork, which does not come to such a package"},
		{"cook", file(File{Path: "/usr/bin/bosun", Mode: 0o755}), "/usr/bin/bosun is in package bosun, too"},
	} {
		in := ship(t)
		recipes, err := in.Select(nil)
		if err != nil {
			t.Fatal(err)
		}
		packages, err := in.Assemble(recipes, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range packages {
			if packages[i].Name == c.pkg {
				c.change(&packages[i])
			}
		}
		err = in.check(packages, []string{home})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), "package "+c.pkg+": "+c.want) && !strings.Contains(err.Error(), c.want) {
			t.Errorf("check() = %v, want %q", err, c.want)
		}
	}
}

// A package that was not asked for is taken to have what it should.
func TestCheckOfSome(t *testing.T) {
	in := ship(t)
	recipes, err := in.Select([]string{"cook", "crew"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Assemble(recipes, nil); err != nil {
		t.Error(err)
	}
}

func TestRelationParse(t *testing.T) {
	for s, want := range map[Relation]int{
		"iptables": 1, "iptables >= 1.4.21 | nftables": 2, "kubelet = self": 1, "libc6 >= 2.34": 1,
		"": 0, "Iptables": 0, "iptables>=1": 0, "iptables >= ": 0, "a|b": 0, "a (>= 1)": 0,
	} {
		names, err := s.parse()
		if len(names) != want || (err == nil) != (want > 0) {
			t.Errorf("%q: parse() = %v, %v", s, names, err)
		}
	}
}
