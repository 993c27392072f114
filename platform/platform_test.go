package platform

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		s         string
		want      Platform
		dir, name string
	}{
		{"linux/amd64", Platform{"linux", "amd64"}, "linux_amd64", "kubelet"},
		{"linux/386", Platform{"linux", "386"}, "linux_386", "kubelet"},
		{"darwin/arm64", Platform{"darwin", "arm64"}, "darwin_arm64", "kubelet"},
		{"windows/amd64", Platform{"windows", "amd64"}, "windows_amd64", "kubelet.exe"},
	} {
		p, err := Parse(c.s)
		if err != nil || p != c.want || p.String() != c.s || p.Dir() != c.dir || p.Exe("kubelet") != c.name {
			t.Errorf("Parse(%q) = %v, %v; String %q, Dir %q, Exe %q", c.s, p, err, p, p.Dir(), p.Exe("kubelet"))
		}
	}
}

func TestParseKnowsItself(t *testing.T) {
	for _, p := range known {
		if got, err := Parse(p.String()); err != nil || got != p {
			t.Errorf("Parse(%q) = %v, %v", p.String(), got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"", "linux", "/", "linux/", "/amd64", "amd64", "linux/x86_64", "Linux/amd64", "linux-amd64", "linux/arm/v7",
		" linux/amd64", "linux/amd64 ", "plan9/amd64", "darwin/386", "all",
	} {
		p, err := Parse(s)
		if err == nil || p != (Platform{}) {
			t.Errorf("Parse(%q) = %v, %v", s, p, err)
			continue
		}
		for _, part := range []string{`unknown platform "` + s + `"`, "linux/amd64, ", ", windows/arm64"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("Parse(%q) says %q, and not %q", s, err, part)
			}
		}
	}
}

func TestParseList(t *testing.T) {
	amd64, arm64 := Platform{"linux", "amd64"}, Platform{"linux", "arm64"}
	for _, c := range []struct {
		list []string
		want []Platform
	}{
		{nil, nil},
		{[]string{"linux/arm64", "linux/amd64"}, []Platform{arm64, amd64}},
		{[]string{"linux/amd64", "linux/arm64", "linux/amd64"}, []Platform{amd64, arm64}},
	} {
		if got, err := ParseList(c.list); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("ParseList(%q) = %v, %v, want %v", c.list, got, err, c.want)
		}
	}
	if got, err := ParseList([]string{"linux/amd64", "linux/vax"}); err == nil || got != nil ||
		!strings.Contains(err.Error(), `"linux/vax"`) {
		t.Errorf("ParseList() of an unknown platform = %v, %v", got, err)
	}
}

func TestIn(t *testing.T) {
	arm64 := Platform{"linux", "arm64"}
	for _, c := range []struct {
		list []string
		want bool
	}{
		{nil, true},
		{[]string{}, true},
		{[]string{"linux"}, true},
		{[]string{"linux/arm64"}, true},
		{[]string{"windows", "linux/arm64"}, true},
		{[]string{"linux/amd64"}, false},
		{[]string{"darwin", "windows"}, false},
		{[]string{"arm64"}, false},
		{[]string{"linux/arm"}, false},
		{[]string{""}, false},
	} {
		if got := arm64.In(c.list); got != c.want {
			t.Errorf("linux/arm64 In(%q) = %v", c.list, got)
		}
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]bool{
		"linux": true, "darwin": true, "windows": true, "linux/amd64": true, "windows/386": true,
		"": false, "linx": false, "linux/": false, "linux/vax": false, "amd64": false, "darwin/386": false, "all": false,
	} {
		if got := Names(s); got != want {
			t.Errorf("Names(%q) = %v", s, got)
		}
	}
}

func TestCommon(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"linux/amd64 linux/arm64", "linux/arm64 linux/amd64", "linux/amd64 linux/arm64"},
		{"linux/arm64 linux/s390x", "linux/amd64 linux/arm64", "linux/arm64"},
		{"linux/arm64", "linux/amd64", ""},
		{"", "linux/amd64", ""},
	} {
		a, errA := ParseList(strings.Fields(c.a))
		b, errB := ParseList(strings.Fields(c.b))
		var got []string
		for _, p := range Common(a, b) {
			got = append(got, p.String())
		}
		if errA != nil || errB != nil || strings.Join(got, " ") != c.want || len(a) != len(strings.Fields(c.a)) {
			t.Errorf("%q and %q: %q, %v, %v, want %q", c.a, c.b, got, errA, errB, c.want)
		}
	}
}
