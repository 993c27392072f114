package targets

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/series"
)

// Patches holds the targets for a fork's patch series.
type Patches mg.Namespace

// Verify checks a fork's upstream, patches and patched tree against its fork.lock.
//
// Examples:
//
//	mage patches:verify                         # the default fork
//	mage patches:verify -fork=etcd-3.7          # another
func (Patches) Verify(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Verify(ctx, setting("FORK", fork))
	})
}

// Lock pins a fork's upstream, patches and patched tree, as they are now, in its fork.lock.
//
// Where fork.yaml sets images.debian, it also pins the Debian packages of the
// image base, in base.lock; where it sets build.c.PLATFORM.debian, those of the
// sysroot, in sysroot.lock.
//
// Examples:
//
//	mage patches:lock                           # after a change to fork.yaml or to a patch
//	mage patches:lock -fork=etcd-3.7            # another fork than the default
func (Patches) Lock(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Lock(ctx, setting("FORK", fork), time.Now())
	})
}

// Apply writes a fork's patched tree to dist/FORK/src, a git repository with one commit per patch, to read and edit.
//
// The folder that -tree names must not exist, be empty, or have a tree that was written
// there before.
//
// Examples:
//
//	mage patches:apply                              # the whole series
//	mage patches:apply -until=0001-hyperkube.patch  # up to one patch
//	mage patches:apply -tree=../kubernetes          # in another folder
func (Patches) Apply(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	until *string, // NAME the last patch to apply, or none (default: the last of the series)
	tree *string, // DIR the folder of the tree, outside of dist (default: dist/FORK/src)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Apply(ctx, setting("FORK", fork), slipway.ApplyRequest{
			Until: setting("UNTIL", until), Tree: setting("TREE", tree),
		})
	})
}

// Import adds commits of a git repository to a fork's series, and pins them.
//
// The commits become a reference in fork.yaml, by their ids, applied before the files
// of patches/series. With -as=files they become patch files, added at the end of the
// series. Commits that conflict are left in dist/FORK/src: resolve them there, then
// run patches:refresh. -merges=first-parent imports each merge in the range as one
// change; flatten imports the commits of both sides, without the merges.
//
// Examples:
//
//	mage patches:import -from=https://example.org/kubernetes -commits=v1.36.1..log-runner
//	mage patches:import -from=../kubernetes -commits=v1.36.1..HEAD -as=files  # as patch files
func (Patches) Import(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	from *string, // REPOSITORY a URL, or a path
	commits *string, // RANGE a range BASE..TIP; each is a branch, a tag or 40 hex digits
	as *string, // NAME what the commits become: references or files (default: references)
	merges *string, // NAME how to treat merges in the range: first-parent or flatten (default: refuse them)
	tree *string, // DIR the folder of the tree, outside of dist (default: dist/FORK/src)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	kind := setting("AS", as)
	if kind != "" && kind != "files" && kind != "references" {
		return near.Unknown(kind, []string{"references", "files"}, "-as=%s: want references or files", kind)
	}
	r := slipway.ImportRequest{
		From: setting("FROM", from), Commits: setting("COMMITS", commits), Files: kind == "files",
		Merges: setting("MERGES", merges), Tree: setting("TREE", tree),
	}
	if err := r.Check(); err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Import(ctx, setting("FORK", fork), r)
	})
}

// Refresh rewrites a fork's patch files from the commits in dist/FORK/src, and pins them.
//
// Each commit becomes one patch. A patch whose commit did not change keeps its bytes.
//
// Examples:
//
//	mage patches:refresh                       # from dist/FORK/src
//	mage patches:refresh -tree=../kubernetes   # from the folder of patches:apply -tree
func (Patches) Refresh(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	tree *string, // DIR the folder of the tree, outside of dist (default: dist/FORK/src)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Refresh(ctx, setting("FORK", fork), setting("TREE", tree))
	})
}

// Rebase reports how a fork's series fits another upstream, and with -write moves the fork there.
//
// With -write, the fork moves if nothing conflicts; otherwise the conflicts are left
// in dist/FORK/src: resolve them there, then run patches:refresh. Conflicts make the
// command fail.
//
// Examples:
//
//	mage patches:rebase -onto=1.36.2           # reports, and changes nothing
//	mage patches:rebase -all                   # reports on every newer patch release
//	mage patches:rebase -onto=1.36.2 -write    # moves the fork
func (Patches) Rebase(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	onto *string, // VERSION what to try, such as 1.36.2, or a commit
	format *string, // NAME json or markdown, which print only the report on standard output (default: a table)
	tree *string, // DIR the folder of the tree, outside of dist (default: dist/FORK/src)
	all *bool, // try every newer patch release
	write *bool, // move the fork there
	v *bool, // print more details, such as the packages that are compiled
) error {
	as := setting("FORMAT", format)
	show, ok := map[string]func([]slipway.Rebase) error{
		"": rebaseTable, "json": rebaseJSON, "markdown": rebaseMarkdown,
	}[as]
	if !ok {
		return near.Unknown(as, []string{"json", "markdown"}, "-format=%s: want json or markdown", as)
	}
	r := slipway.RebaseRequest{
		Onto: setting("ONTO", onto), All: flag(toggleAll, all), Write: flag(toggleWrite, write), Tree: setting("TREE", tree),
	}
	if err := r.Check(); err != nil {
		return err
	}
	var reports []slipway.Rebase
	err := runAside(ctx, v, as != "", func(ctx context.Context, p *slipway.Project) (_ artifact.Set, err error) {
		reports, err = p.Rebase(ctx, setting("FORK", fork), r)
		return nil, err
	})
	if err != nil {
		return err
	}
	if err := show(reports); err != nil {
		return err
	}
	return conflicting(reports)
}

// conflicting returns an error for the first report that has conflicts.
func conflicting(reports []slipway.Rebase) error {
	for _, r := range reports {
		names := r.Conflicts()
		if len(names) == 0 {
			continue
		}
		hint := fmt.Sprintf("To resolve this in a work tree: mage patches:rebase -fork=%s -onto=%s -write", r.Fork, r.Target)
		if r.Tree != "" {
			hint = fmt.Sprintf("Resolve the conflicts in %s (markers in files, Slipway-Unsolved in messages) and commit\n"+
				"  each change to its patch (git commit --fixup, git rebase -i --autosquash), then: "+
				"mage patches:refresh%s", r.Tree, r.Refresh)
		}
		return fmt.Errorf("%s: conflicts with %s\n  %s", strings.Join(names, ", "), r.Onto, hint)
	}
	return nil
}

func rebaseJSON(reports []slipway.Rebase) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(reports)
}

func rebaseTable(reports []slipway.Rebase) error {
	for _, r := range reports {
		fmt.Printf("\n%s  %s -> %s\n", r.Fork, r.From, r.Onto)
		t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, p := range r.Patches {
			fmt.Fprintf(t, "  %s\t%s\t%s\n", shortName(p.Name), p.Status, p.Subject)
			for _, line := range rebaseDetails(p) {
				fmt.Fprintf(t, "      %s\n", line)
			}
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// shortName shortens a commit id, as git does.
func shortName(name string) string {
	if len(name) == 40 && strings.Trim(name, "0123456789abcdef") == "" {
		return name[:12]
	}
	return name
}

func rebaseMarkdown(reports []slipway.Rebase) error {
	for _, r := range reports {
		fmt.Printf("## %s: %s onto %s\n\n"+
			"| patch | subject | becomes | details |\n| --- | --- | --- | --- |\n", r.Fork, r.From, r.Onto)
		for _, p := range r.Patches {
			cell := strings.NewReplacer("|", "\\|", "\n", " ").Replace
			details := cell(strings.Join(rebaseDetails(p), "<br>"))
			fmt.Printf("| %s | %s | %s | %s |\n", p.Name, cell(p.Subject), p.Status, details)
		}
		fmt.Println()
	}
	return nil
}

// rebaseDetails returns the lines that explain the status of a patch.
func rebaseDetails(p series.RebasedPatch) []string {
	var lines []string
	switch {
	case p.Reverted != "":
		lines = append(lines, "upstream took it with "+p.Upstream, "  and took it back with "+p.Reverted)
	case p.Upstream != "":
		lines = append(lines, "upstream has it with "+p.Upstream)
	}
	for _, m := range p.Moved {
		lines = append(lines, fmt.Sprintf("%s, hunk %d at line %d (offset %+d)", m.File, m.Hunk, m.Line, m.By))
	}
	for _, f := range p.Files {
		lines = append(lines, f.String())
		for _, c := range f.Upstream {
			lines = append(lines, "  changed by "+c)
		}
		for _, c := range f.Left {
			lines = append(lines, "  does not have "+c)
		}
	}
	return lines
}

// Export writes a fork's series for other tools, as quilt, mbox or git.
//
// Writes to dist/FORK/export: a folder for quilt, a mailbox for git am, or a
// bundle for git clone. The result is read back, to check that it makes the same
// tree.
//
// Examples:
//
//	mage patches:export -format=quilt          # a folder of patches with a series
//	mage patches:export -format=git            # a bundle: the upstream, and a commit per patch
func (Patches) Export(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	format *string, // NAME quilt, mbox or git
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	as := setting("FORMAT", format)
	if err := series.CheckFormat(as); err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Export(ctx, setting("FORK", fork), as)
	})
}

// Source holds the targets for a fork's source.
type Source mg.Namespace

// Export writes a fork's patched source as a reproducible tarball.
//
// Writes to dist/FORK/export.
//
// Examples:
//
//	mage source:export                         # as tar.xz
//	mage source:export -format=tar.gz          # for tools that do not read xz
func (Source) Export(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	format *string, // NAME tar.xz or tar.gz (default: tar.xz)
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	kind := setting("FORMAT", format)
	if kind == "" {
		kind = "tar.xz"
	}
	r := slipway.TarballRequest{Format: kind}
	if err := r.Check(); err != nil {
		return err
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Tarball(ctx, setting("FORK", fork), r)
	})
}
