package release

import (
	"path/filepath"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/release/page"
)

// page writes the page that people read. It tells how this machine built the release, so it
// is not among the files that others make again.
func (b builder) page(record artifact.Release) error {
	in := page.Input{
		Release: record, Last: b.last, Registry: b.in.Fork.Images.Registry, Tag: b.in.Fork.Parsed.Tag(),
		Keys: b.keys(),
	}
	var err error
	if in.Timeline, err = artifact.ReadTimeline(b.Dist.Abs(b.in.Fork.Dist(artifact.TimelineFile))); err != nil {
		return err
	}
	if in.Sizes, err = page.Sizes(b.dir, record); err != nil {
		return err
	}
	for _, name := range output.List(b.dir) {
		in.Files = append(in.Files, filepath.ToSlash(name))
	}
	data, err := page.HTML(in)
	if err != nil {
		return err
	}
	return output.WriteFiles(b.dir, map[string][]byte{page.File: data})
}
