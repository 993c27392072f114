package ebuilds

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

// TestCompile has the lines of src_compile after the flags. To add a case, add a
// row with what is different from captain's fork.
func TestCompile(t *testing.T) {
	const build = `ego build "${flags[@]}" -o "${WORKDIR}"/bin/`
	each := []string{`for program in "${programs[@]}"; do`, "\t" + build + ` "${program}"`, "done"}
	for _, c := range []struct {
		name   string
		change func(*Fork)
		want   []string
	}{
		{"a part is compiled where the whole is not wanted", func(*Fork) {}, []string{
			"local program programs=()",
			"if use captain; then", "\tprograms+=( ./cmd/captain )",
			"else", "\tuse bosun && programs+=( ./cmd/bosun )", "fi",
			each[0], each[1], each[2],
		}},
		{"a part by itself", func(f *Fork) { f.Build.Components[0].CGO = true }, []string{
			"if use captain; then", "\tCGO_ENABLED=1 " + build + "captain ./cmd/captain", "fi",
			"if ! use captain && use bosun; then", "\tCGO_ENABLED=0 " + build + "bosun ./cmd/bosun", "fi",
		}},
		{"always", func(f *Fork) { f.Project.Flags = nil; f.Build.Components = f.Build.Components[:1] },
			[]string{build + "captain ./cmd/captain"}},
		{"two, always", func(f *Fork) {
			f.Project.Flags = nil
			f.Packages[0].Files[1] = program("/usr/bin/bosun")
			f.Build.Components[1].Part = ""
		}, []string{"local program programs=( ./cmd/captain ./cmd/bosun )", each[0], each[1], each[2]}},
		{"two, one always", func(f *Fork) {
			delete(f.Project.Flags, "captain")
			f.Packages[0].Files[1] = program("/usr/bin/bosun")
			f.Build.Components[1].Part = ""
		}, []string{"local program programs=( ./cmd/captain )", "use bosun && programs+=( ./cmd/bosun )",
			each[0], each[1], each[2]}},
		{"another name than the folder's", func(f *Fork) {
			f.Project.Flags = nil
			f.Packages[0].Files[1] = program("/usr/bin/bosun")
			f.Build.Components = []Component{{Name: "captain", Main: "./cmd/boss"}, {Name: "bosun", Main: "./cmd/bosun"}}
		}, []string{build + "captain ./cmd/boss", build + "bosun ./cmd/bosun"}},
		{"in another folder", func(f *Fork) {
			f.Project.Flags = nil
			f.Packages[0].Files[1] = program("/usr/bin/bosun")
			f.Build.Components = []Component{{Name: "captain", Main: "./captain", Dir: "cmd", Mod: "mod"},
				{Name: "bosun", Main: "./cmd/bosun"}}
		}, []string{
			strings.Replace(build, "build", "build -C cmd -mod=mod", 1) + "captain ./captain", build + "bosun ./cmd/bosun",
		}},
		{"with C", func(f *Fork) { f.Build.Components = []Component{{Name: "captain", Main: "./cmd/captain", CGO: true}} },
			[]string{"if use captain; then", "\t" + build + "captain ./cmd/captain", "fi"}},
		{"from before modules", func(f *Fork) {
			f.Build.GOPATH, f.Build.Components = "example.org/ship", f.Build.Components[:1]
		}, []string{"if use captain; then", "\t" + strings.TrimPrefix(build, "e") + "captain ./cmd/captain || die", "fi"}},
		{"in two packages", func(f *Fork) {
			f.Packages[1].Files = []packaging.File{program("/usr/bin/captain")}
			f.Build.Components = f.Build.Components[:1]
		}, []string{"if use mate || use captain; then", "\t" + build + "captain ./cmd/captain", "fi"}},
		{"a part in two packages", func(f *Fork) {
			f.Packages[1].Files = f.Packages[0].Files[1:2]
			f.Build.Components = f.Build.Components[1:]
		}, []string{
			"if ! use captain && { use bosun || use mate; }; then", "\t" + build + "bosun ./cmd/bosun", "fi",
		}},
		{"in no package", func(f *Fork) { f.Build.Components = []Component{{Name: "cook", Main: "./cmd/cook"}} }, nil},
	} {
		f := captain().Forks[0]
		f.Build.Flags, f.Build.Env = nil, nil
		c.change(&f)
		got := f.compile()
		if i := slices.IndexFunc(got, func(line string) bool { return strings.HasPrefix(line, "local flags=") }); i >= 0 {
			got = got[i+1:]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: compile() ends with\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestCompileSettings has the lines of src_compile up to the flags, without comments.
// To add a case, add a row with what is different from ship's fork.
func TestCompileSettings(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Fork)
		want   []string
	}{
		{"plain", func(*Fork) {},
			[]string{"local -x CGO_ENABLED=0", `local flags=( -buildmode=exe )`}},
		{"the fork's environment", func(f *Fork) { f.Build.Env = []string{"GOAMD64=v3", "GOEXPERIMENT=,"} }, []string{
			"local -x CGO_ENABLED=0 GOAMD64=v3 GOEXPERIMENT=','", `local flags=( -buildmode=exe )`,
		}},
		{"from before modules", func(f *Fork) { f.Build.GOPATH = "example.org/ship" }, []string{
			`local -x CGO_ENABLED=0 GO111MODULE=off GOPATH="${WORKDIR}"/go`,
			`local flags=( -buildmode=exe )`,
		}},
		{"PIE", func(f *Fork) { f.PIE = true },
			[]string{"local -x CGO_ENABLED=0", `local flags=( -buildmode="$(usex pie pie exe)" )`}},
		{"PIE that only a linker for C can make", func(f *Fork) { f.PIE, f.Arches = true, []string{"amd64", "riscv", "x86"} },
			[]string{
				"local -x CGO_ENABLED=0", "local mode=exe", "if use pie && ! use riscv && ! use x86; then", "\tmode=pie", "fi",
				`local flags=( -buildmode="${mode}" )`,
			}},
		{"and one that is at hand", func(f *Fork) {
			f.PIE, f.Arches, f.Build.Components[0].CGO = true, []string{"x86"}, true
		}, []string{"local -x CGO_ENABLED=1", `local flags=( -buildmode="$(usex pie pie exe)" )`}},
		{"flags of the linker", func(f *Fork) {
			f.Build.Flags = []string{"-trimpath", "-ldflags=-s -w -X 'a=it is'"}
		}, []string{
			"local -x CGO_ENABLED=0", "local ldflags=(", "\t-s", "\t-w", `	'-X '\''a=it is'\'''`, ")", "local flags=(",
			"\t-buildmode=exe", "\t-trimpath", `	-ldflags="${ldflags[*]}"`, ")",
		}},
		{"one flag of the linker", func(f *Fork) { f.Build.Flags = []string{"-ldflags=-s"} }, []string{
			"local -x CGO_ENABLED=0", "local flags=( -buildmode=exe -ldflags=-s )",
		}},
		{"build tags", func(f *Fork) { f.Build.Flags = []string{"-tags=crew,hold"} }, []string{
			"local -x CGO_ENABLED=0", "local flags=( -buildmode=exe '-tags=crew,hold' )",
		}},
	} {
		f := shipFork()
		f.Build.Flags, f.Build.Env = nil, nil
		c.change(&f)
		got := slices.DeleteFunc(f.compile(), func(line string) bool { return strings.HasPrefix(line, "# ") })
		if i := slices.Index(got, "if use bosun; then"); i >= 0 {
			got = got[:i]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: compile() begins with\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestTags has build tags of which one counts only with a USE flag.
func TestTags(t *testing.T) {
	f := Fork{Project: Project{Use: []Use{{Flag: "+deck", Tag: "crew"}, {Flag: "rum"}}}}
	for list, want := range map[string]string{
		"hold":           "-tags=hold",
		"crew":           `-tags="$(usev deck crew)"`,
		"crew,hold":      `-tags="$(usev deck crew,)"hold`,
		"hold,crew":      `-tags=hold"$(usev deck ,crew)"`,
		"a,crew,hold":    `'-tags=a,'"$(usev deck crew,)"hold`,
		"crewed,hold":    "'-tags=crewed,hold'",
		"hold,crew,a,b":  `'-tags=hold,'"$(usev deck crew,)"'a,b'`,
		"hold,deck,rums": "'-tags=hold,deck,rums'",
	} {
		if got := f.tags(list); got != want {
			t.Errorf("tags(%s) = %s, want %s", list, got, want)
		}
	}
}
