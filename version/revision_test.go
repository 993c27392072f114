package version

import (
	"cmp"
	"testing"
)

func TestCompareRevisions(t *testing.T) {
	sorted := []string{
		"1.4.0", "1.4.1-rc.1+acme.9", "1.4.1", "1.4.1+acme.1", "1.4.1+acme.2", "1.4.1+acme.10", "1.4.2-rc.1", "1.4.2+acme.1",
		"1.10.0", "2.0.0-alpha.1",
	}
	for i, a := range sorted {
		for k, b := range sorted {
			if got := CompareRevisions(a, b); got != cmp.Compare(i, k) {
				t.Errorf("CompareRevisions(%s, %s) = %d", a, b, got)
			}
		}
	}
}
