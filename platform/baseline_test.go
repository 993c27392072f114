package platform

import (
	"strings"
	"testing"
)

func TestBaselineCheck(t *testing.T) {
	for arch, values := range map[string]struct{ good, bad string }{
		"386":     {"sse2 softfloat", "387 SSE2 sse2,softfloat"},
		"amd64":   {"v1 v2 v3 v4", "v5 3 V3 v3, v3,lse"},
		"arm":     {"5 6 7 7,softfloat 5,hardfloat", "8 v7 7,lse 7,softfloat,hardfloat"},
		"arm64":   {"v8.0 v8.9 v9.5 v8.0,lse v8.0,crypto v9.0,lse,crypto v8.2,crypto,lse", "v8 v10.0 8.0 v8.0,lse,lse v8.0,"},
		"ppc64le": {"power8 power9 power10", "power7 9"},
		"riscv64": {"rva20u64 rva22u64 rva23u64", "rva20 rv64gc"},
	} {
		b, ok := BaselineOf(arch)
		if !ok {
			t.Errorf("%s has no baseline", arch)
			continue
		}
		for value := range strings.FieldsSeq(values.good) {
			if err := b.Check(value); err != nil {
				t.Errorf("%s: %v", arch, err)
			}
		}
		for value := range strings.FieldsSeq(values.bad) {
			err := b.Check(value)
			if err == nil || !strings.Contains(err.Error(), b.Variable+" has no value \""+value+"\": want one of "+b.Levels[0]) {
				t.Errorf("%s: Check(%q) = %v", arch, value, err)
			}
		}
		if err := b.Check(b.Default); err != nil {
			t.Errorf("the default of %s: %v", arch, err)
		}
	}
}

// TestBaselineOf holds that each architecture that Slipway builds for either has a choice or is known to have none.
func TestBaselineOf(t *testing.T) {
	for _, p := range known {
		_, ok := BaselineOf(p.Arch)
		if none := p.Arch == "loong64" || p.Arch == "s390x"; ok == none {
			t.Errorf("%s: a baseline: %v", p.Arch, ok)
		}
	}
}
