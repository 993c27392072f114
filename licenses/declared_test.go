package licenses

import (
	"slices"
	"testing"
)

func TestDeclared(t *testing.T) {
	for said, want := range map[string][]string{
		"MIT":                       {"MIT"},
		"MIT AND Apache-2.0":        {"Apache-2.0", "MIT"},
		"GPL-2.0+ AND LicenseRef-x": {"GPL-2.0+", "LicenseRef-x"},
		"":                          nil,
		"MIT OR Apache-2.0":         nil,
		"the MIT license":           nil,
		"MIT,BSD-3-Clause":          nil,
	} {
		d := Declared{"example.org/rope": said}
		if faults := d.Validate(); len(faults) > 0 != (want == nil) {
			t.Errorf("%q: the faults are %v", said, faults)
		}
		if got := d.Of("example.org/rope"); want != nil && !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
	if got := (Declared{"example.org/rope": "MIT"}).Of("example.org/hull"); got != nil {
		t.Errorf("another module has %q", got)
	}
}
