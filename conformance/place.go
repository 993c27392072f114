package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/conformance/report"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/version"
)

// The folder of dist/FORK with what the tests left, and its files. Those that k8s-conformance takes, too, have the
// names that they have there.
const (
	folder      = "conformance"
	logFile     = "e2e.log"
	junitFile   = "junit_01.xml"
	reportFile  = "report.json" // Ginkgo's
	resultFile  = "results.json"
	summaryFile = "summary.md"
)

// place compares a run with the one on the upstream, or on the fork, and writes dist/FORK/conformance.
func (r run) place(sum report.Summary) (artifact.Set, error) {
	if other, ok := r.other(sum); ok {
		sum.Compared, sum.Other = true, sum.Run.Compare(other.Run)
	}
	results, err := json.MarshalIndent(sum, "", "\t")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{summaryFile: []byte(sum.Markdown()), resultFile: append(results, '\n')}
	for _, name := range []string{logFile, junitFile, reportFile} {
		if files[name], err = os.ReadFile(r.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		} else if err != nil {
			delete(files, name)
		}
	}
	if r.whole() {
		if err := r.submit(files); err != nil {
			return nil, err
		}
	}
	at := r.s.Fork().Dist(folder)
	if err := r.s.Dist().Replace(at, func(dst string) error { return output.WriteFiles(dst, files) }); err != nil {
		return nil, err
	}
	var made []artifact.Artifact
	for _, name := range []string{summaryFile, junitFile, logFile} {
		made = append(made, artifact.Artifact{Kind: artifact.Document, Format: path.Ext(name)[1:], Path: path.Join(at, name),
			Size: int64(len(files[name]))})
	}
	return r.s.Report(made...), nil
}

// submit adds the folder that k8s-conformance takes.
func (r run) submit(files map[string][]byte) error {
	f := r.s.Fork()
	fields := f.Parsed.Fields()
	s := report.Submission{
		Product: f.Conformance.Product, Project: f.Name, Maintainer: f.Packages.Maintainer, Version: f.Version,
		Minor:   fmt.Sprintf("%d.%d", fields.Major, fields.Minor),
		Command: "go tool mage fork:conformance -fork=" + f.ID,
	}
	own, err := s.Files()
	if err != nil {
		return err
	}
	for name, data := range own {
		files[path.Join(s.Dir(), name)] = data
	}
	for _, name := range []string{logFile, junitFile} {
		files[path.Join(s.Dir(), name)] = files[name]
	}
	return nil
}

// other returns what is known of the same tests on the upstream, if these are on the fork, or on the fork.
func (r run) other(sum report.Summary) (other report.Summary, ok bool) {
	f := r.fork
	if !sum.Upstream {
		f = f.Unpatched()
	}
	data, err := os.ReadFile(r.s.Dist().Abs(filepath.Join(f.Dist(folder), resultFile)))
	if err != nil || json.Unmarshal(data, &other) != nil {
		return other, false
	}
	of, err := version.Parse(other.Version)
	return other, err == nil && of.Upstream() == r.s.Fork().Parsed.Upstream() &&
		other.Focus == sum.Focus && other.Skip == sum.Skip
}
