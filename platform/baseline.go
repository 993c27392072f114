package platform

import (
	"fmt"
	"slices"
	"strings"
)

// A Baseline is a choice that Go offers for an architecture: the oldest processors
// that a program runs on.
type Baseline struct {
	Variable string   // that tells the go command: GOAMD64
	Levels   []string // its values, oldest processors first
	Default  string   // what Go's own releases take
	Options  []string // one of which may follow a level: ",lse"
}

// baselines are by architecture. Source: `go help environment` and the Go wiki's
// MinimumRequirements. Other architectures have no choice.
var baselines = map[string]Baseline{
	"386":   {Variable: "GO386", Levels: []string{"softfloat", "sse2"}, Default: "sse2"},
	"amd64": {Variable: "GOAMD64", Levels: []string{"v1", "v2", "v3", "v4"}, Default: "v1"},
	"arm": {Variable: "GOARM", Levels: []string{"5", "6", "7"}, Default: "7",
		Options: []string{",softfloat", ",hardfloat"}},
	"arm64": {Variable: "GOARM64", Levels: []string{
		"v8.0", "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9",
		"v9.0", "v9.1", "v9.2", "v9.3", "v9.4", "v9.5",
	}, Default: "v8.0", Options: []string{",lse", ",crypto", ",lse,crypto", ",crypto,lse"}},
	"ppc64le": {Variable: "GOPPC64", Levels: []string{"power8", "power9", "power10"}, Default: "power8"},
	"riscv64": {Variable: "GORISCV64", Levels: []string{"rva20u64", "rva22u64", "rva23u64"}, Default: "rva20u64"},
}

// BaselineOf returns the choice that Go offers for an architecture, and reports
// whether there is one.
func BaselineOf(arch string) (Baseline, bool) {
	b, ok := baselines[arch]
	return b, ok
}

// Check returns an error unless value is a level, or one with an option.
func (b Baseline) Check(value string) error {
	level, _, _ := strings.Cut(value, ",")
	option := value[len(level):]
	if slices.Contains(b.Levels, level) && (option == "" || slices.Contains(b.Options, option)) {
		return nil
	}
	want := strings.Join(b.Levels, ", ")
	if len(b.Options) > 0 {
		want += "; after it may come " + strings.Join(b.Options, " or ")
	}
	return fmt.Errorf("%s has no value %q: want one of %s", b.Variable, value, want)
}
