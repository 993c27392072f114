package debbase

import (
	"crypto/sha256"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// indexOf returns an index of packages, each as "NAME VERSION; FIELD; FIELD".
func indexOf(packages ...string) string {
	var b strings.Builder
	for _, p := range packages {
		fields := strings.Split(p, "; ")
		name, version, _ := strings.Cut(fields[0], " ")
		fmt.Fprintf(&b, "Package: %s\nVersion: %s\nArchitecture: amd64\nDescription: a package\n that is: here\n"+
			"Filename: pool/%s.deb\nSize: 7\nSHA256: %x\n",
			name, version, name, sha256.Sum256([]byte(p)))
		for _, f := range fields[1:] {
			b.WriteString(f + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestResolve(t *testing.T) {
	key := newKey(t)
	awks := []string{"mawk 1; Priority: required; Provides: awk", "gawk 5; Priority: optional; Provides: awk"}
	for _, c := range []struct {
		name     string
		packages []string
		want     string // names
		get      string // NAME=VERSION, or ! and what the error says, in parts
	}{
		{"depends and pre-depends",
			[]string{"a 1; Depends: b; Pre-Depends: c", "b 1; Depends: d", "c 1", "d 1", "e 1; Essential: yes"},
			"a", "a=1 b=1 c=1 d=1"},
		{"a loop", []string{"a 1; Depends: b", "b 1; Depends: c", "c 1; Depends: a"}, "b", "a=1 b=1 c=1"},
		{"the first alternative", []string{"a 1; Depends: b | c", "b 1", "c 1"}, "a", "a=1 b=1"},
		{"the alternative that exists", []string{"a 1; Depends: b | c", "c 1"}, "a", "a=1 c=1"},
		{"the alternative that is named", []string{"a 1; Depends: b | c", "b 1", "c 1"}, "a c", "a=1 c=1"},
		{"in another order", []string{"a 1; Depends: b | c", "b 1", "c 1"}, "c a", "a=1 c=1"},
		{"an alternative that fails further down", []string{"a 1; Depends: b | c", "b 1; Depends: d, gone", "c 1", "d 1"},
			"a", "a=1 c=1"},
		{"twice the same", []string{"a 1"}, "a a", "a=1"},
		{"provided", append(awks, "a 1; Depends: awk"), "a", "a=1 mawk=1"},
		{"provided by what is named", append(awks, "a 1; Depends: awk"), "a gawk", "a=1 gawk=5"},
		{"named by what it provides", awks, "awk", "mawk=1"},
		{"provided in a version",
			[]string{"a 1; Depends: v (>= 2)", "p 1; Provides: v (= 2)", "o 1; Provides: v", "l 1; Provides: v (= 1)"},
			"a", "a=1 p=1"},
		{"provided without one", []string{"a 1; Depends: v (>= 2)", "o 1; Provides: v"}, "a",
			"!package a needs v (>= 2);has o 1"},
		{"an epoch", []string{"a 1; Depends: b (>> 9)", "b 1:0.1"}, "a", "a=1 b=1:0.1"},
		{"before a release", []string{"a 1; Depends: b (<< 2)", "b 2~rc1"}, "a", "a=1 b=2~rc1"},
		{"the highest version", []string{"a 1", "a 1.10", "a 1.9"}, "a", "a=1.10"},
		{"a lower version where it has to be", []string{"a 1; Depends: b (= 1)", "b 1", "b 2"}, "a", "a=1 b=1"},
		{"one version of a package only", []string{"a 1; Depends: b (= 1)", "b 1", "b 2"}, "a b",
			"!package a needs b (= 1);has b 2, b 1"},
		{"any architecture", []string{"a 1; Depends: b:any, c:amd64", "b 1", "c 1"}, "a", "a=1 b=1 c=1"},
		{"another architecture", []string{"a 1; Depends: b:i386", "b 1"}, "a",
			"!package a needs b:i386, and bookworm for amd64 has b 1"},
		{"an old operator", []string{"a 1; Depends: b (< 1)", "b 1"}, "a", "a=1 b=1"},
		{"unknown", []string{"a 1"}, "b", "!bookworm for amd64 has no package b, and none that provides it"},
		{"a chain", []string{"a 1; Depends: b", "b 1; Depends: c", "c 1; Depends: gone (>= 2)"}, "a",
			"!package c needs gone (>= 2);no package of that name;a -> b -> c"},
		{"too old", []string{"a 1; Depends: b (>= 2)", "b 1.9"}, "a", "!package a needs b (>= 2);has b 1.9;leave a out"},
		{"no alternative", []string{"a 1; Depends: b | c (= 3)", "c 1"}, "a", "!needs b | c (= 3);has c 1"},
		{"a conflict", []string{"a 1; Conflicts: v", "b 1; Provides: v"}, "a b",
			"!packages a 1 and b 1 conflict (v)"},
		{"a conflict with itself", []string{"a 1; Conflicts: v; Provides: v"}, "a", "a=1"},
		{"broken before", []string{"a 1; Breaks: b (<< 2)", "b 2"}, "a b", "a=1 b=2"},
		{"no relation", []string{"a 1; Depends: b ((1)"}, "a", `!package a: Depends: "b ((1)" is not a relation`},
		{"no digest", []string{"a 1; SHA256: 00"}, "a", `!Packages.xz: package a: "00" is not a SHA-256`},
		{"a name that leaves its folder", []string{"../a 1"}, "../a", `!"../a" is not the name of a package`},
		{"a file that leaves the archive", []string{"a 1; Filename: ../a.deb"}, "a", `!package a: "../a.deb" is not a path`},
		{"named alternatives", []string{"a 1", "b 1"}, "a|b", "a=1"},
		{"named alternatives that exist", []string{"b 1"}, "a|b", "b=1"},
		{"named alternatives of which one is named alone", []string{"a 1", "b 1"}, "a|b b", "b=1"},
		{"named alternatives of which one is provided", append(awks, "a 1"), "a|awk mawk", "mawk=1"},
		{"named alternatives of which one is needed later", []string{"a 1", "b 1", "c 1; Depends: b"}, "a|b c",
			"a=1 b=1 c=1"},
		{"named alternatives of which none exists", []string{"c 1"}, "a|b",
			"!bookworm for amd64 has no package a | b, and none"},
		{"a name in a version", []string{"a 1", "a 2"}, "a(<<2)", "a=1"},
		{"two names in one", []string{"a 1", "b 1"}, "a,b", `!"a,b" is not one relation`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMirror(t, key, indexOf(c.packages...))
			pins, err := Resolve(t.Context(), []Archive{m.archive(public(t, key))}, "amd64", strings.Fields(c.want), made())
			if says, ok := strings.CutPrefix(c.get, "!"); ok {
				wantError(t, err, strings.Split(says, ";")...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range pins {
				got = append(got, p.Name+"="+p.Version)
			}
			if g := strings.Join(got, " "); g != c.get {
				t.Errorf("Resolve gave %s, want %s", g, c.get)
			}
		})
	}
}

// Of a suite and its security updates, each package comes from where it is newest.
func TestResolveFromTwo(t *testing.T) {
	key := newKey(t)
	a := newMirror(t, key, indexOf("a 1; Depends: b", "b 1")).archive(public(t, key))
	m := newMirror(t, key, indexOf("b 1+deb12u1"))
	m["dists/bookworm-security/main/binary-amd64/Packages.xz"] = m["dists/bookworm/main/binary-amd64/Packages.xz"]
	release := strings.Replace(m.release(header), "bookworm", "bookworm-security", 1)
	m["dists/bookworm-security/InRelease"] = clearSigned(t, release, key)
	b := m.archive(public(t, key))
	b.Suite = "bookworm-security"
	pins, err := Resolve(t.Context(), []Archive{a, b}, "amd64", []string{"a"}, made())
	if err != nil {
		t.Fatal(err)
	}
	want := []Pin{
		{"a", "1", "amd64", "bookworm", "pool/a.deb", 7, fmt.Sprintf("%x", sha256.Sum256([]byte("a 1; Depends: b")))},
		{"b", "1+deb12u1", "amd64", "bookworm-security", "pool/b.deb", 7,
			fmt.Sprintf("%x", sha256.Sum256([]byte("b 1+deb12u1")))},
	}
	if !slices.Equal(pins, want) {
		t.Errorf("Resolve gave %v, want %v", pins, want)
	}
}

// ordered are versions from the lowest to the highest.
var ordered = []string{
	"0~~", "0~~a", "0~", "0", "0.0", "0.9-1", "0.9-1+b1", "0.9-1.1", "0.9-10", "1~rc1", "1", "1-1~bpo12+1", "1-1", "1a",
	"1+deb12u2", "1+deb12u10", "1.", "1.2-3", "1.2-3-1", "1.02.1", "1.10", "2.36-9+deb12u14", "20221128",
	"1:0.1", "1:1.4.7-1+b2", "2:0", "10:0",
}

func TestCompare(t *testing.T) {
	for i, a := range ordered {
		for j, b := range ordered {
			if got := compare(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compare(%q, %q) is %d, and they are at %d and %d of the list", a, b, got, i, j)
			}
		}
	}
	for _, c := range [][2]string{{"1", "1-0"}, {"1", "0:1"}, {"1.01", "1.1"}, {"1.0", "1."}} {
		if got := compare(c[0], c[1]); got != 0 {
			t.Errorf("compare(%q, %q) is %d, want 0", c[0], c[1], got)
		}
	}
}

// dpkg has the last word on the order.
func TestCompareAsDpkg(t *testing.T) {
	testkit.Need(t, "dpkg")
	for i, b := range ordered[1:] {
		if out, err := exec.Command("dpkg", "--compare-versions", ordered[i], "lt", b).CombinedOutput(); err != nil {
			t.Errorf("dpkg does not put %s before %s: %v %s", ordered[i], b, err, out)
		}
	}
}

func TestParagraphs(t *testing.T) {
	for _, c := range []struct{ in, want, err string }{
		{"", "", ""},
		{"\n\nA: 1\nB:\n x\n\ty:z\n\n \nC:  3 \r\n# no\n", "A=1 B=\\nx\\ny:z; C=3;", ""},
		{" x\n", "", "line 1 continues a field"},
		{"A: 1\n\nB\n", "A=1;", "line 3 is not a field"},
	} {
		var got []string
		err := paragraphs(strings.NewReader(c.in), func(f map[string]string) error {
			var fields []string
			for _, k := range []string{"A", "B", "C"} {
				if v, ok := f[k]; ok {
					fields = append(fields, k+"="+strings.ReplaceAll(v, "\n", "\\n"))
				}
			}
			got = append(got, strings.Join(fields, " ")+";")
			return nil
		})
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%q has the paragraphs %q, want %q", c.in, g, c.want)
		}
		if c.err != "" {
			wantError(t, err, c.err)
		} else if err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
	}
}
