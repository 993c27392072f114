package patches

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// noise returns bytes that are no text, and a version of them with a few changed.
func noise(r *rand.Rand, n int) (string, string) {
	a := make([]byte, n)
	r.Read(a)
	a = append([]byte{0}, a...)
	b := slices.Clone(a)
	for range 1 + n/200 {
		b[1+r.Intn(n)] ^= 0x55
	}
	return string(a), string(b[:len(b)-r.Intn(3)]) + strings.Repeat("\x00\x01", r.Intn(4))
}

// TestBinariesBecomeGits makes random files that are no text, and checks that what git writes of their changes makes
// them.
func TestBinariesBecomeGits(t *testing.T) {
	testkit.Need(t, "git")
	kinds := map[string]bool{}
	for seed := range int64(24) {
		r := rand.New(rand.NewSource(seed))
		a1, a2 := noise(r, 1+r.Intn(100_000))
		b1, b2 := noise(r, 1+r.Intn(300))
		c1, _ := noise(r, 1+r.Intn(300))
		before := files{"a": a1, "b*": b1, "gone": c1, "text": "one\n"}
		after := files{"a": a2, "b": b2, "new": c1 + "x", "text": "two\n", "empty": ""}
		p := diffOf(t, fmt.Sprint(seed), before, after)
		for _, kind := range []string{"\ndelta ", "\nliteral "} {
			kinds[kind] = kinds[kind] || strings.Contains(string(p.Data), kind)
		}
		result, err := Apply(before.lay(t, t.TempDir()), []Patch{p})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		} else if got := before.after(result.Changes); !equal(got, after) {
			t.Errorf("seed %d: the patch makes other files than git", seed)
		}
		other := files{"a": a1 + "!", "b*": b1, "gone": c1, "text": "one\n"}
		if _, err := Apply(other.lay(t, t.TempDir()), []Patch{p}); err == nil ||
			!strings.Contains(err.Error(), "a: it is not the file that the binary diff was made of: expected git's object ") {
			t.Errorf("seed %d: on another file Apply() = %v", seed, err)
		}
	}
	if len(kinds) != 2 || !kinds["\ndelta "] || !kinds["\nliteral "] {
		t.Errorf("git wrote only %v", kinds)
	}
}

func TestBinaryRefusesDamage(t *testing.T) {
	testkit.Need(t, "git")
	a1, a2 := noise(rand.New(rand.NewSource(1)), 5000)
	p := diffOf(t, "p", files{"a": a1}, files{"a": a2})
	text := string(p.Data)
	at := strings.Index(text, "\ndelta ") + 1
	line := at + strings.Index(text[at:], "\n") + 1
	for name, damaged := range map[string]string{
		"another size":         strings.Replace(text, "delta ", "delta 1", 1),
		"no size":              strings.Replace(text, "delta ", "delta x", 1),
		"another kind":         strings.Replace(text, "delta ", "gamma ", 1),
		"a digit of no base":   text[:line+2] + `"` + text[line+3:],
		"another digit":        text[:line+7] + string(text[line+7]^1) + text[line+8:],
		"a line cut":           text[:line+5] + "\n" + text[line+6:],
		"no index":             text[:strings.Index(text, "index ")] + text[strings.Index(text, "GIT"):],
		"another id to become": strings.Replace(text, "..", "..0", 1)[:at] + text[at:],
	} {
		if damaged == text {
			t.Fatalf("%s: nothing is damaged", name)
		}
		if _, err := Apply(files{"a": a1}.lay(t, t.TempDir()),
			[]Patch{{Name: "p", Strip: 1, Data: []byte(damaged)}}); err == nil {
			t.Errorf("%s: the patch applies", name)
		}
	}
}

func FuzzApplyDelta(f *testing.F) {
	f.Add([]byte("old"), []byte{3, 3, 0x90, 3})
	f.Add([]byte("old"), []byte{3, 4, 0xb1, 0, 3, 1, 'x'})
	f.Fuzz(func(t *testing.T, old, delta []byte) {
		if out, err := applyDelta(old, delta); err == nil && len(out) > 1<<24 && len(delta) < 100 {
			t.Errorf("%d bytes come of %d", len(out), len(delta))
		}
		_, _ = decode85(delta)
	})
}
