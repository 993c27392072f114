package cross

import (
	"debug/buildinfo"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CheckSettings returns an error unless a program says of itself that it was
// compiled as in says: a go command can have settings of its own, and an old one
// does not know each variable.
func (in Input) CheckSettings(c Component, info *buildinfo.BuildInfo) error {
	if len(info.Settings) == 0 {
		return nil // Go says so from 1.18 on
	}
	want, got := in.settings(c), map[string]string{}
	for _, s := range info.Settings {
		if _, ok := want[s.Key]; ok || decides(s.Key) {
			got[s.Key] = s.Value
		}
	}
	// What is so by default need not be said.
	for key, value := range (Input{Platform: in.Platform}).settings(c) {
		if _, ok := got[key]; !ok && want[key] == value && !strings.HasPrefix(key, "-") {
			got[key] = value
		}
	}
	var wrong []string
	both := maps.Clone(want)
	maps.Copy(both, got)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		if got[key] != want[key] {
			wrong = append(wrong, fmt.Sprintf("\n    %s: expected %q, found %q", key, want[key], got[key]))
		}
	}
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("%s was not compiled with the settings that Slipway gave %s:%s\n"+
		"  Use a release of Go as https://go.dev/dl has it: put it in PATH, or pin it with build.toolchain",
		c.Name, info.GoVersion, strings.Join(wrong, ""))
}

// checkRelease returns an error unless a program says of itself that the release of
// Go that the build chose has compiled it.
func checkRelease(c Component, got, want string) error {
	if release(got) == release(want) {
		return nil
	}
	return fmt.Errorf("%s was compiled with %s, not with %s", c.Name, release(got), release(want))
}

// release returns a version of Go without whose build it is, or with which experiments.
func release(version string) string {
	version, _, _ = strings.Cut(version, " ")
	version, _, _ = strings.Cut(version, "-X:")
	return version
}

// settings returns what a program says of itself that was compiled as in says.
func (in Input) settings(c Component) map[string]string {
	out := map[string]string{"GOOS": in.Platform.OS, "GOARCH": in.Platform.Arch, "CGO_ENABLED": "0"}
	if c.CGO {
		out["CGO_ENABLED"] = "1"
	}
	for _, flag := range in.Flags() {
		key, value, ok := strings.Cut(flag, "=")
		if !ok {
			value = "true"
		}
		out[key] = value
	}
	for _, pair := range in.Environment() {
		key, value, _ := strings.Cut(pair, "=")
		out[key] = value
	}
	// Of these a program says nothing, or only if they are on.
	for _, key := range []string{"-buildvcs", "-ldflags", "GOFLAGS", "GO_EXTLINK_ENABLED", "GOFIPS140"} {
		delete(out, key)
	}
	return out
}

// decides reports whether a setting that nobody asked for would make another program.
func decides(key string) bool {
	switch key {
	case "-buildmode", "-compiler", "-ldflags", "-pgo":
		return false // the go command's default for the platform, or the tree's
	case "GOFIPS140", "GOEXPERIMENT":
		return true
	}
	return strings.HasPrefix(key, "-")
}
