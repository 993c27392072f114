package artifact

import (
	"strings"
	"testing"
)

func TestComparePatches(t *testing.T) {
	patch := func(name, digest, title string) ReleasedPatch {
		return ReleasedPatch{Name: name, Digest: digest, Title: title}
	}
	last := []ReleasedPatch{patch("1", "a", "crew"), patch("2", "b", "rope"), patch("3", "c", "log")}
	for _, c := range []struct {
		name    string
		now     []ReleasedPatch
		want    string // each patch and what has become of it
		dropped string
	}{
		{"all", last, "1= 2= 3=", ""},
		{"none", nil, "", "1 2 3"},
		{"one new", append(last[:3:3], patch("4", "d", "deck")), "1= 2= 3= 4=new", ""},
		{"the first dropped, the others renumbered",
			[]ReleasedPatch{patch("1", "b", "rope"), patch("2", "c", "log")},
			"1= 2=", "1"},
		{"changed", []ReleasedPatch{patch("1", "d", "crew"), patch("2", "e", "ropes"), last[2]},
			"1=changed 2=changed 3=", ""},
		{"renumbered and changed", []ReleasedPatch{patch("4", "d", "rope"), last[0]}, "4=changed 1=", "3"},
		{"carried commits that are rebased", []ReleasedPatch{patch("f1", "d", "log"), patch("f2", "e", "log")},
			"f1=changed f2=new", "1 2"},
		{"without a title", []ReleasedPatch{patch("4", "d", "")}, "4=new", "1 2 3"},
	} {
		changes, dropped := ComparePatches(c.now, last)
		var got, gone []string
		for _, p := range changes {
			got = append(got, p.Name+"="+string(p.Change))
		}
		for _, p := range dropped {
			gone = append(gone, p.Name)
		}
		if strings.Join(got, " ") != c.want || strings.Join(gone, " ") != c.dropped {
			t.Errorf("%s: %q, and dropped are %q; want %q and %q", c.name, got, gone, c.want, c.dropped)
		}
	}
}
