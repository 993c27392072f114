package release

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/output"
)

// A builder makes one release in a folder. What it adds is described after what was there,
// and signed last.
type builder struct {
	Releaser
	in   Input
	last *artifact.Release // the one before; nil if there is none
	dir  string
}

// A built is a finished release: its record, and the sums of all files.
type built struct {
	record artifact.Release
	sums   []sums
}

// build fills the folder.
func (b builder) build(ctx context.Context, files []file) (built, error) {
	if err := b.place(files, b.dir); err != nil {
		return built{}, err
	}
	files, err := b.signRPMs(ctx, files)
	if err != nil {
		return built{}, err
	}
	record := b.in.Record
	for _, f := range files {
		if f.Kind != artifact.Layout {
			record.Artifacts = append(record.Artifacts, f.Released)
		}
	}
	images, err := b.images()
	if err != nil {
		return built{}, err
	}
	record.Artifacts = append(record.Artifacts, images...)
	paths := output.List(b.dir)
	all, err := sumAll(ctx, b.dir, paths, b.Events.Counter(event.Event{
		Stage: "release", Subject: record.Version, Total: len(paths), Unit: "files",
	}))
	if err != nil {
		return built{}, err
	}
	if err := b.describe(ctx, record, all); err != nil {
		return built{}, err
	}
	changed := func(s sums) bool { return s.path == layoutDir+"/index.json" } // it lists what was put beside images
	return b.finish(ctx, record, slices.DeleteFunc(all, changed))
}

// finish writes what names everything else: the layout's files and the documents in the
// record, the provenance, the notes, the sums; then what signs them, and the page.
func (b builder) finish(ctx context.Context, record artifact.Release, all []sums) (built, error) {
	record, all, err := b.list(ctx, record, all)
	if err != nil {
		return built{}, err
	}
	late, err := b.conclude(record)
	if err != nil {
		return built{}, err
	}
	if err := output.WriteFiles(b.dir, late); err != nil {
		return built{}, err
	}
	if record, all, err = b.list(ctx, record, all); err != nil {
		return built{}, err
	}
	data, err := record.Encode()
	if err != nil {
		return built{}, err
	}
	if err := os.WriteFile(filepath.Join(b.dir, artifact.ReleaseFile), data, 0o644); err != nil {
		return built{}, err
	}
	if all, err = b.sumMissing(ctx, all); err != nil {
		return built{}, err
	}
	sumFiles, err := sumFiles(all)
	if err != nil {
		return built{}, err
	}
	if err := output.WriteFiles(b.dir, sumFiles); err != nil {
		return built{}, err
	}
	if err := b.sign(ctx, record, all); err != nil {
		return built{}, err
	}
	if err := b.page(record); err != nil {
		return built{}, err
	}
	all, err = b.sumMissing(ctx, all)
	return built{record, all}, err
}

// list adds what lies in the folder and is not in the record yet: the files of the layout,
// and documents.
func (b builder) list(ctx context.Context, record artifact.Release, all []sums) (artifact.Release, []sums, error) {
	all, err := b.sumMissing(ctx, all)
	if err != nil {
		return record, nil, err
	}
	listed := map[string]bool{}
	for _, a := range record.Artifacts {
		listed[a.Path] = a.Kind != artifact.Image
	}
	for _, s := range all {
		if !listed[s.path] {
			record.Artifacts = append(record.Artifacts, artifact.Released{
				Kind: kindOf(s.path), Format: formatOf(s.path), Path: s.path, Size: s.size, Digest: "sha256:" + s.sha256,
			})
		}
	}
	slices.SortFunc(record.Artifacts, func(x, y artifact.Released) int {
		return strings.Compare(x.Path+"\x00"+x.Name, y.Path+"\x00"+y.Name)
	})
	return record, all, nil
}

// sumMissing returns sums with those of the files in the folder that they do not have.
func (b builder) sumMissing(ctx context.Context, all []sums) ([]sums, error) {
	have := map[string]bool{}
	for _, s := range all {
		have[s.path] = true
	}
	missing := slices.DeleteFunc(output.List(b.dir), func(name string) bool { return have[filepath.ToSlash(name)] })
	more, err := sumAll(ctx, b.dir, missing, func() {})
	all = append(slices.Clone(all), more...)
	slices.SortFunc(all, func(x, y sums) int { return strings.Compare(x.path, y.path) })
	return all, err
}

// kindOf returns what a file is that a release adds to finished ones.
func kindOf(name string) artifact.Kind {
	if strings.HasPrefix(name, "images/") {
		return artifact.Layout
	}
	return artifact.Document
}

// formats are those of documents, by how their names end.
var formats = []struct{ ending, format string }{
	{".cdx.json", "cyclonedx"}, {".spdx.json", "spdx"}, {".openvex.json", "openvex"},
	{"provenance.json", "in-toto"}, {".md", "markdown"}, {"updateinfo.json", "updateinfo"},
}

func formatOf(name string) string {
	for _, f := range formats {
		if strings.HasSuffix(name, f.ending) && kindOf(name) == artifact.Document {
			return f.format
		}
	}
	return ""
}
