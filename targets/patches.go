package targets

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
)

// Patches are the targets for a fork's patch series.
type Patches mg.Namespace

// Verify checks a fork's upstream, patches and patched tree against its fork.lock.
func (Patches) Verify(ctx context.Context, fork *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		return p.Verify(ctx, setting("FORK", fork))
	})
}

// Lock pins a fork's upstream, patches and patched tree, as they are now, in its fork.lock.
func (Patches) Lock(ctx context.Context, fork *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Lock(ctx, setting("FORK", fork))
		return err
	})
}

// Apply leaves a fork's patched tree in dist/FORK/src, a git repository with a commit a patch, to read and to edit.
//
// -until names the last patch to apply; none stands for the upstream as it is.
func (Patches) Apply(ctx context.Context, fork, until *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Apply(ctx, setting("FORK", fork), setting("UNTIL", until))
		return err
	})
}

// Import adds the commits of a git repository to a fork's series, and pins them.
//
// -from is a URL or a path, -commits a range BASE..TIP of two commits, 40 hex
// digits each. They become a reference in fork.yaml, applied before the files
// of patches/series; with -as=files, patch files behind them.
func (Patches) Import(ctx context.Context, fork, from, commits, as *string, v, json *bool) error {
	kind := setting("AS", as)
	if kind != "" && kind != "files" && kind != "references" {
		return fmt.Errorf("-as=%s: want references or files", kind)
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Import(ctx, slipway.ImportRequest{
			Fork: setting("FORK", fork), From: setting("FROM", from), Commits: setting("COMMITS", commits), Files: kind == "files",
		})
		return err
	})
}

// Refresh rewrites a fork's patch files from the commits in dist/FORK/src, and pins them.
//
// Each commit there is a patch; one that nobody changed keeps its bytes.
func (Patches) Refresh(ctx context.Context, fork *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, _, err := p.Refresh(ctx, setting("FORK", fork))
		return err
	})
}

// Rebase reports what becomes of a fork's series on another upstream, and moves the fork there when told to write.
//
// -onto is a version, as 1.36.2, or a commit; -all takes every newer patch
// release. With -write the fork is moved if nothing conflicts; otherwise
// dist/FORK/src is left to solve the conflicts in, for patches:refresh.
// -format=json or markdown prints the report so. A conflict is an error.
func (Patches) Rebase(ctx context.Context, fork, onto, format *string, all, write, v *bool) error {
	show, ok := map[string]func([]slipway.Rebase) error{"": rebaseTable, "json": rebaseJSON, "markdown": rebaseMarkdown}[setting("FORMAT", format)]
	if !ok {
		return fmt.Errorf("-format=%s: want json or markdown", setting("FORMAT", format))
	}
	var reports []slipway.Rebase
	err := run(ctx, v, nil, func(ctx context.Context, p *slipway.Project) (err error) {
		reports, err = p.Rebase(ctx, slipway.RebaseRequest{
			Fork: setting("FORK", fork), Onto: setting("ONTO", onto), All: flag("ALL", all), Write: flag("WRITE", write),
		})
		return err
	})
	if err != nil {
		return err
	}
	if err := show(reports); err != nil {
		return err
	}
	return conflicting(reports)
}

// conflicting returns the error of reports with conflicts in them.
func conflicting(reports []slipway.Rebase) error {
	for _, r := range reports {
		names := r.Conflicts()
		switch {
		case len(names) == 0:
		case r.Tree != "":
			return fmt.Errorf("%s does not fit %s\n  Solve the conflict marks in %s, commit each to its patch (git commit --fixup, git rebase --autosquash),\n  then: mage patches:refresh -fork=%s", strings.Join(names, ", "), r.Onto, r.Tree, r.Fork)
		default:
			return fmt.Errorf("%s does not fit %s\n  To solve that in a work tree: mage patches:rebase -fork=%s -onto=%s -write", strings.Join(names, ", "), r.Onto, r.Fork, r.Target)
		}
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

// shortName shortens a commit as git does.
func shortName(name string) string {
	if len(name) == 40 && strings.Trim(name, "0123456789abcdef") == "" {
		return name[:12]
	}
	return name
}

func rebaseMarkdown(reports []slipway.Rebase) error {
	for _, r := range reports {
		fmt.Printf("## %s: %s onto %s\n\n| patch | subject | becomes | details |\n| --- | --- | --- | --- |\n", r.Fork, r.From, r.Onto)
		for _, p := range r.Patches {
			cell := strings.NewReplacer("|", "\\|", "\n", " ").Replace
			fmt.Printf("| %s | %s | %s | %s |\n", p.Name, cell(p.Subject), p.Status, cell(strings.Join(rebaseDetails(p), "<br>")))
		}
		fmt.Println()
	}
	return nil
}

// rebaseDetails says what there is to say of a patch, a line each.
func rebaseDetails(p slipway.RebasedPatch) []string {
	var lines []string
	for _, m := range p.Moved {
		lines = append(lines, fmt.Sprintf("%s, hunk %d at line %d, %+d from where it says", m.File, m.Hunk, m.Line, m.By))
	}
	for _, f := range p.Files {
		lines = append(lines, f.String())
		for _, c := range f.Upstream {
			lines = append(lines, "  changed by "+c)
		}
	}
	return lines
}

// Export writes a fork's series for other tools: as quilt, mbox or git.
//
// It comes to lie in dist/FORK/export: a folder for quilt, a mailbox for
// git am, or a bundle for git clone, read back to see that it makes the same
// tree.
func (Patches) Export(ctx context.Context, fork, format *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.Export(ctx, setting("FORK", fork), setting("FORMAT", format))
		return err
	})
}

// Source are the targets for a fork's source.
type Source mg.Namespace

// Export writes a fork's patched source as a tarball, the same bytes for the same fork.
//
// It comes to lie in dist/FORK/export. -format is tar.xz, the default, or
// tar.gz.
func (Source) Export(ctx context.Context, fork, format *string, v, json *bool) error {
	kind := setting("FORMAT", format)
	if kind == "" {
		kind = "tar.xz"
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		_, err := p.ExportSource(ctx, setting("FORK", fork), kind)
		return err
	})
}
