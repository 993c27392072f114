package version

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestDistro(t *testing.T) {
	for s, want := range map[string]string{
		"1.36.1":               "1.36.1",
		"1.36.1+acme.1":        "1.36.1+acme.1",
		"1.36.1+acme.10.2":     "1.36.1+acme.10.2",
		"1.36.1+k3s1":          "1.36.1+k3s1",
		"1.37.0-rc.1+acme.2":   "1.37.0~rc.1+acme.2",
		"1.37.0-alpha.0":       "1.37.0~alpha.0",
		"1.37.0-alpha.1.12+ab": "1.37.0~alpha.1.12+ab",
	} {
		v := parse(t, s)
		got, err := v.Distro()
		if err != nil || got != want {
			t.Errorf("%s: Distro() = %q, %v, want %q", s, got, err, want)
		}
		if back, err := ParseDistro(got); err != nil || back.String() != s {
			t.Errorf("ParseDistro(%q) = %v, %v, want %s", got, back, err, s)
		}
	}
}

func TestDistroRefuses(t *testing.T) {
	for s, want := range map[string]string{
		"1.37.0-rc1+acme.1":     `"rc1"`,      // semver has rc10 below rc9
		"1.37.0-1":              `"1"`,        // rpm has numbers above letters
		"1.37.0-rc.a":           `"rc.a"`,     // so in later places
		"1.37.0-beta-1":         `"beta-1"`,   // a hyphen ends a deb's version
		"1.36.1+acme-1":         `"acme-1"`,   //
		"1.36.1+20260102":       `"20260102"`, // below or above acme.1, as they please
		"1.36.1+acme.b":         `"acme.b"`,
		"1.36.1+acme.01":        `"acme.01"`, // as much as acme.1 to both
		"1.36.1-rc.1.x+acme.01": `"rc.1.x"`,
	} {
		if got, err := parse(t, s).Distro(); err == nil ||
			!strings.Contains(err.Error(), "version "+s+" cannot be a package version: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: Distro() = %q, %v, want an error that names %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "1.36", "1.36.1-1", "1.36.1-rc.1", "1.36.1~rc.1~2", "1.36.1+acme.01", "v1.36.1",
		"1:1.36.1"} {
		if v, err := ParseDistro(s); err == nil || !strings.Contains(err.Error(), strconv.Quote(s)) {
			t.Errorf("ParseDistro(%q) = %v, %v", s, v, err)
		}
	}
}

// A pair is two versions, and how they should be ordered.
type pair struct {
	a, b string // as a distribution writes them, each with a packaging revision
	want int
}

// pairs generates pairs of versions of one fork, or of a fork and its upstream.
func pairs(t *testing.T, n int) []pair {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	number := func() int { return []int{0, 1, 2, 3, 9, 10, 11, 99, 100}[r.IntN(9)] }
	one := func() (Version, []int) {
		key := []int{r.IntN(3), number(), number(), 4, 0, -1, -1, -1, -1}
		s := fmt.Sprintf("%d.%d.%d", key[0], key[1], key[2])
		if r.IntN(3) == 0 {
			key[3], key[4] = r.IntN(3), number()
			s += fmt.Sprintf("-%s.%d", []string{"alpha", "beta", "rc"}[key[3]], key[4])
			if r.IntN(4) == 0 {
				key[5] = number()
				s += fmt.Sprintf(".%d", key[5])
			}
		}
		if r.IntN(3) > 0 {
			key[6], key[7] = 1, number()
			s += fmt.Sprintf("+acme.%d", key[7])
			if r.IntN(4) == 0 {
				key[8] = number()
				s += fmt.Sprintf(".%d", key[8])
			}
		}
		return parse(t, s), key
	}
	var out []pair
	for range n {
		v, key := one()
		w, other := one()
		if r.IntN(2) == 0 { // near each other, where it is decided late
			for !slices.Equal(other[:3], key[:3]) && r.IntN(40) > 0 {
				w, other = one()
			}
		}
		a, err := v.Distro()
		if err != nil {
			t.Fatal(err)
		}
		b, err := w.Distro()
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Compare(key, other)
		if up := cmp.Or(slices.Compare(key[:6], other[:6]), 0); up != v.Compare(w) {
			t.Fatalf("%s and %s: semver has them as %d, the test as %d", v, w, v.Compare(w), up)
		}
		i, j := 1+r.IntN(12), 1+r.IntN(12)
		if want == 0 {
			want = cmp.Compare(i, j)
		}
		out = append(out, pair{fmt.Sprintf("%s-%d", a, i), fmt.Sprintf("%s-%d", b, j), want})
	}
	return out
}

// TestOrderIsDebians compares the order of versions with dpkg's.
func TestOrderIsDebians(t *testing.T) {
	testkit.Need(t, "dpkg")
	var script strings.Builder
	script.WriteString("x() { for op in lt eq gt; do if dpkg --compare-versions \"$1\" $op \"$2\"; then echo $op; fi; " +
		"done; }\n")
	list := pairs(t, 1500)
	for _, p := range list {
		fmt.Fprintf(&script, "x %s %s\n", p.a, p.b)
	}
	compare(t, list, []string{"sh", "-c", script.String()}, map[string]int{"lt": -1, "eq": 0, "gt": 1})
}

// TestOrderIsRPMs compares the order of versions with rpm's.
func TestOrderIsRPMs(t *testing.T) {
	testkit.Need(t, "rpm")
	list := pairs(t, 20000)
	for len(list) > 0 {
		some := list[:min(1000, len(list))]
		list = list[len(some):]
		var lua strings.Builder
		for _, p := range some {
			fmt.Fprintf(&lua, "print(rpm.vercmp(%q, %q) .. '\\n')\n", p.a, p.b)
		}
		compare(t, some, []string{"rpm", "--eval", "%{lua: " + lua.String() + "}"}, map[string]int{"-1": -1, "0": 0, "1": 1})
	}
}

func compare(t *testing.T, list []pair, cmd []string, answers map[string]int) {
	t.Helper()
	out, err := exec.Command(cmd[0], cmd[1:]...).Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd[0], err)
	}
	got := strings.Fields(string(out))
	if len(got) != len(list) {
		t.Fatalf("%s gave %d answers to %d questions", cmd[0], len(got), len(list))
	}
	for i, p := range list {
		if answers[got[i]] != p.want {
			t.Errorf("%s has %s and %s as %s, want %d", cmd[0], p.a, p.b, got[i], p.want)
		}
	}
}

func FuzzParseDistro(f *testing.F) {
	for _, s := range []string{"1.36.1+acme.1", "1.37.0~rc.1+acme.1", "1.2.3-1", "1.2.3~"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseDistro(s)
		if err != nil {
			return
		}
		if back, err := v.Distro(); err != nil || back != s {
			t.Errorf("%q is read as %s and written as %q (%v)", s, v, back, err)
		}
	})
}
