package fork

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/platform"
)

// jobsFork is a fork that builds captain and bosun by default, on the platforms of
// fork.yaml. captain, bosun and anchor build for Linux and Darwin; deckhand for
// Windows, too.
func jobsFork(t *testing.T, defaults, platforms string) Fork {
	t.Helper()
	text := strings.NewReplacer("captain, bosun", defaults, "linux/amd64, darwin/arm64", platforms).Replace(forkYAML)
	f, err := project(t, map[string]string{"forks/ship/fork.yaml": text}).Fork("")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestJobs(t *testing.T) {
	const host = "linux/riscv64"
	for name, c := range map[string]struct {
		defaults, platforms string // of fork.yaml; captain, bosun on two platforms unless told
		request             Request
		host                string // linux/riscv64 unless told
		want                []string
		err                 string
	}{
		"nothing said": {want: []string{"linux/riscv64: captain bosun"}},
		"components, in the order of the request and each once": {
			request: Request{Components: []string{"deckhand", "captain", "deckhand"}},
			want:    []string{"linux/riscv64: deckhand captain"},
		},
		"platforms, in the order of the request and each once": {
			request: Request{Platforms: []string{"linux/arm64", "darwin/amd64", "linux/arm64"}},
			want:    []string{"linux/arm64: captain bosun", "darwin/amd64: captain bosun"},
		},
		"all is what fork.yaml says": {
			request: Request{Platforms: []string{"all"}},
			want:    []string{"linux/amd64: captain bosun", "darwin/arm64: captain bosun"},
		},
		"all, each with what builds for it": {
			defaults: "captain, deckhand", platforms: "linux/amd64, windows/amd64",
			request: Request{Platforms: []string{"all"}, Components: []string{"captain", "deckhand"}},
			want:    []string{"linux/amd64: captain deckhand", "windows/amd64: deckhand"},
		},
		"all, without the platforms for which nothing builds": {
			defaults: "captain, deckhand", platforms: "linux/amd64, windows/amd64",
			request: Request{Platforms: []string{"all"}, Components: []string{"bosun"}},
			want:    []string{"linux/amd64: bosun"},
		},
		"on a machine that some do not build for, Linux": {
			host: "windows/arm64", request: Request{Components: []string{"deckhand", "captain"}},
			want: []string{"linux/arm64: deckhand captain"},
		},
		"on a machine that all build for": {
			host: "windows/arm64", request: Request{Components: []string{"deckhand"}}, want: []string{"windows/arm64: deckhand"},
		},
		"an unknown component": {
			request: Request{Components: []string{"captain", "purser"}},
			err:     `unknown component "purser": ship has captain, deckhand, bosun, anchor, logline`,
		},
		"an unknown platform": {
			request: Request{Platforms: []string{"linux/mips"}},
			err: `unknown platform "linux/mips": want one of linux/386, linux/amd64, linux/arm, linux/arm64, linux/loong64, ` +
				"linux/ppc64le, linux/riscv64, linux/s390x, darwin/amd64, darwin/arm64, windows/386, windows/amd64, windows/arm64",
		},
		"a component on a platform that it does not build for": {
			request: Request{Components: []string{"deckhand", "captain"}, Platforms: []string{"linux/amd64", "windows/amd64"}},
			err:     "captain does not build for windows/amd64, only for linux, darwin; these do: deckhand",
		},
		"all and another": {
			request: Request{Platforms: []string{"linux/amd64", "all"}},
			err:     "-platforms=linux/amd64,all: all means every platform of fork.yaml, so give it alone",
		},
		"all, and nothing builds for any": {
			defaults: "deckhand", platforms: "windows/amd64, windows/arm64",
			request: Request{Platforms: []string{"all"}, Components: []string{"captain", "bosun"}},
			err:     "captain bosun builds for none of the platforms in forks/ship/fork.yaml: windows/amd64, windows/arm64",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := jobsFork(t, cmp.Or(c.defaults, "captain, bosun"), cmp.Or(c.platforms, "linux/amd64, darwin/arm64"))
			on, err := platform.Parse(cmp.Or(c.host, host))
			if err != nil {
				t.Fatal(err)
			}
			jobs, err := f.Jobs(c.request, on)
			says(t, err, c.err)
			var got []string
			for _, j := range jobs {
				got = append(got, j.Platform.String()+": "+j.Names())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("Jobs(%+v) = %q, want %q", c.request, got, c.want)
			}
		})
	}
}
