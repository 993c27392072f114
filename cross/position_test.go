package cross

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	packages := strings.Fields("runtime fmt rope hull captain")
	for told, want := range map[string][]string{
		"":                                nil,
		"runtime fmt rope hull captain":   {"1/5", "2/5", "3/5", "4/5", "5/5"},
		"captain":                         {"5/5"},
		"hull captain":                    {"4/5", "5/5"},
		"rope captain":                    {"3/5", "4/5"}, // hull may still come
		"rope captain hull":               {"3/5", "4/5", "5/5"},
		"captain hull":                    {"5/5", "5/5"}, // hull had to wait
		"captain captain":                 {"5/5", "6/6"},
		"mate":                            {"1/5"},
		"runtime fmt rope hull captain x": {"1/5", "2/5", "3/5", "4/5", "5/5", "6/6"},
	} {
		p := newPosition(packages)
		var got []string
		for name := range strings.FieldsSeq(told) {
			done, total := p.compiles(name)
			got = append(got, fmt.Sprintf("%d/%d", done, total))
		}
		if !slices.Equal(got, want) {
			t.Errorf("compiling %q, it is at %v, want %v", told, got, want)
		}
	}
}

// Packages that begin ahead of others are not taken for the place where the work is.
func TestPositionFarAhead(t *testing.T) {
	var packages []string
	for i := range 1000 {
		packages = append(packages, fmt.Sprint(i))
	}
	p := newPosition(packages)
	last := 0
	for i := range 900 {
		place := i
		if i%5 == 4 {
			place = min(999, i+90) // a leaf, while what comes before waits
		}
		done, _ := p.compiles(packages[place])
		if done < last || done > i+2+ahead {
			t.Fatalf("after %d packages it is at %d, before at %d", i+1, done, last)
		}
		last = done
	}
}
