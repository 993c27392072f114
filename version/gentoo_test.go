package version

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestGentoo(t *testing.T) {
	for s, want := range map[string]string{
		"1.36.1":               "1.36.1",
		"1.36.1+acme.1":        "1.36.1_p1",
		"1.36.1+k3s.10":        "1.36.1_p10",
		"1.37.0-rc.1+acme.2":   "1.37.0_rc1_p2",
		"1.37.0-alpha.0":       "1.37.0_alpha0",
		"1.37.0-pre.3+acme.0":  "1.37.0_pre3_p0",
		"1.37.0-beta.12+a1b.7": "1.37.0_beta12_p7",
	} {
		if got, err := parse(t, s).Gentoo(); err != nil || got != want {
			t.Errorf("%s: Gentoo() = %q, %v, want %q", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"1.37.0-rc":         `"rc"`, // as much as rc.0
		"1.37.0-dev.1":      `"dev.1"`,
		"1.37.0-rc.1.2":     `"rc.1.2"`,
		"1.36.1+acme":       `"acme"`,
		"1.36.1+acme.1.2":   `"acme.1.2"`,
		"1.36.1+20260102":   `"20260102"`,
		"1.36.1-rc1+acme.1": `"rc1"`,
	} {
		if got, err := parse(t, s).Gentoo(); err == nil ||
			!strings.Contains(err.Error(), "version "+s+" cannot be an ebuild version: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: Gentoo() = %q, %v, want an error that names %s", s, got, err, want)
		}
	}
}

// TestGentooOrderIsTheOthers holds that a fork's versions come in the same order
// in ebuilds as in debs and rpms.
func TestGentooOrderIsTheOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	one := func() (string, []int) {
		number := func() int { return []int{0, 1, 2, 9, 10, 11}[r.IntN(6)] }
		key := []int{r.IntN(2), number(), number(), 4, 0, -1}
		s := fmt.Sprintf("%d.%d.%d", key[0], key[1], key[2])
		if r.IntN(3) == 0 {
			key[3], key[4] = r.IntN(4), number()
			s += fmt.Sprintf("-%s.%d", []string{"alpha", "beta", "pre", "rc"}[key[3]], key[4])
		}
		if r.IntN(3) > 0 {
			key[5] = number()
			s += fmt.Sprintf("+acme.%d", key[5])
		}
		got, err := parse(t, s).Gentoo()
		if err != nil {
			t.Fatal(err)
		}
		return got, key
	}
	for range 20000 {
		a, ak := one()
		b, bk := one()
		want := 0
		for i := range ak {
			want = cmp.Or(want, cmp.Compare(ak[i], bk[i]))
		}
		if got, err := CompareGentoo(a, b); err != nil || got != want {
			t.Errorf("CompareGentoo(%s, %s) = %d, %v, want %d", a, b, got, err, want)
		}
	}
}

func TestCompareGentoo(t *testing.T) {
	// Each list is in order; what is beside another is equal to it.
	for _, list := range []string{
		"1.2_alpha 1.2_alpha1 1.2_beta 1.2_beta2 1.2_beta10 1.2_pre 1.2_rc1 1.2_rc1_p1 1.2 1.2-r1 1.2-r10 1.2_p=1.2_p0 " +
			"1.2_p1_alpha 1.2_p1 1.2a 1.2b 1.2.0 1.2.1 1.3",
		"1.001 1.01=1.010=1.01000 1.02 1.1 1.2 1.10",
		"1 1.0 1.0.0 1.0.0.0",
		"0.9 1=01 9 10 18446744073709551616 18446744073709551617",
		"1-r0=1 1-r1=1-r01",
		"1_alpha_alpha 1_alpha 1_alpha_p 1_alpha1",
		"1.0_rc3_p1 1.0_rc4 1.0",
	} {
		var ranked []string
		rank := map[string]int{}
		for i, same := range strings.Fields(list) {
			for _, v := range strings.Split(same, "=") {
				ranked, rank[v] = append(ranked, v), i
			}
		}
		for _, a := range ranked {
			for _, b := range ranked {
				want := cmp.Compare(rank[a], rank[b])
				if got, err := CompareGentoo(a, b); err != nil || got != want {
					t.Errorf("CompareGentoo(%s, %s) = %d, %v, want %d", a, b, got, err, want)
				}
				if got := byTheBook(a, b); got != want {
					t.Errorf("the test has %s and %s as %d, want %d", a, b, got, want)
				}
			}
		}
	}
	for _, bad := range []string{"", "1.", ".1", "1.2A", "1.2_dev", "1.2-1", "1.2_p1b", "1.2-r", "1.2aa", "v1"} {
		if _, err := CompareGentoo("1", bad); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", bad)) {
			t.Errorf("CompareGentoo(1, %q) = %v", bad, err)
		}
	}
}

// wild generates versions of every form, near each other.
func wild(r *rand.Rand) string {
	var b strings.Builder
	number := func() string { return []string{"0", "1", "2", "10", "01", "010", "001", "20", "00"}[r.IntN(9)] }
	b.WriteString(number())
	for range r.IntN(3) {
		b.WriteString("." + number())
	}
	if r.IntN(4) == 0 {
		b.WriteByte("ab"[r.IntN(2)])
	}
	for range r.IntN(3) {
		b.WriteString([]string{"_alpha", "_beta", "_pre", "_rc", "_p"}[r.IntN(5)])
		if r.IntN(2) == 0 {
			b.WriteString(number())
		}
	}
	if r.IntN(3) == 0 {
		b.WriteString("-r" + number())
	}
	return b.String()
}

// TestCompareGentooByTheBook compares with another implementation, and with
// Portage's where there is one.
func TestCompareGentooByTheBook(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var script bytes.Buffer
	script.WriteString("from portage.versions import vercmp\n")
	var list []pair
	for range 50000 {
		p := pair{a: wild(r), b: wild(r)}
		got, err := CompareGentoo(p.a, p.b)
		if err != nil {
			t.Fatal(err)
		}
		if p.want = byTheBook(p.a, p.b); got != p.want {
			t.Errorf("CompareGentoo(%s, %s) = %d, want %d", p.a, p.b, got, p.want)
		}
		fmt.Fprintf(&script, "c = vercmp(%q, %q); print((c > 0) - (c < 0))\n", p.a, p.b)
		list = append(list, p)
	}
	if exec.Command("python3", "-c", "import portage.versions").Run() != nil {
		t.Log("there is no Portage to ask, too")
		return
	}
	file := t.TempDir() + "/compare.py"
	if err := os.WriteFile(file, script.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	compare(t, list, []string{"python3", file}, map[string]int{"-1": -1, "0": 0, "1": 1})
}

// byTheBook follows the algorithms 3.1 to 3.7 of the Package Manager
// Specification line by line.
func byTheBook(a, b string) int {
	type parts struct {
		numbers  []string
		letter   string
		suffixes []string
		revision string
	}
	split := func(v string) (p parts) {
		v, p.revision, _ = strings.Cut(v, "-r")
		words := strings.Split(v, "_")
		p.suffixes = words[1:]
		base := words[0]
		if last := base[len(base)-1:]; strings.Contains("abcdefghijklmnopqrstuvwxyz", last) {
			base, p.letter = base[:len(base)-1], last
		}
		p.numbers = strings.Split(base, ".")
		return p
	}
	integer := func(s string) *big.Int {
		n, _ := new(big.Int).SetString("0"+s, 10)
		return n
	}
	x, y := split(a), split(b)
	if c := integer(x.numbers[0]).Cmp(integer(y.numbers[0])); c != 0 {
		return c
	}
	for i := 1; i < len(x.numbers) && i < len(y.numbers); i++ {
		m, n := x.numbers[i], y.numbers[i]
		if strings.HasPrefix(m, "0") || strings.HasPrefix(n, "0") {
			for strings.HasSuffix(m, "0") {
				m = strings.TrimSuffix(m, "0")
			}
			for strings.HasSuffix(n, "0") {
				n = strings.TrimSuffix(n, "0")
			}
			if m != n {
				return map[bool]int{true: 1, false: -1}[m > n]
			}
		} else if c := integer(m).Cmp(integer(n)); c != 0 {
			return c
		}
	}
	if len(x.numbers) != len(y.numbers) {
		return map[bool]int{true: 1, false: -1}[len(x.numbers) > len(y.numbers)]
	}
	if x.letter != y.letter {
		return map[bool]int{true: 1, false: -1}[x.letter > y.letter]
	}
	word := func(s string) string { return strings.TrimRight(s, "0123456789") }
	order := map[string]int{"alpha": 1, "beta": 2, "pre": 3, "rc": 4, "p": 5}
	for i := 0; i < len(x.suffixes) && i < len(y.suffixes); i++ {
		m, n := x.suffixes[i], y.suffixes[i]
		if word(m) == word(n) {
			if c := integer(m[len(word(m)):]).Cmp(integer(n[len(word(n)):])); c != 0 {
				return c
			}
		} else {
			return map[bool]int{true: 1, false: -1}[order[word(m)] > order[word(n)]]
		}
	}
	if len(x.suffixes) > len(y.suffixes) {
		return map[bool]int{true: 1, false: -1}[word(x.suffixes[len(y.suffixes)]) == "p"]
	}
	if len(x.suffixes) < len(y.suffixes) {
		return map[bool]int{true: -1, false: 1}[word(y.suffixes[len(x.suffixes)]) == "p"]
	}
	return integer(x.revision).Cmp(integer(y.revision))
}
