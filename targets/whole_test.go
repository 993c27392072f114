package targets_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-build/slipway/release/cut"
)

func whole(ts *testscript.TestScript, _ []string) error { return checkWhole(ts.MkAbs("dist")) }

// blobs returns a line for each file of a layout whose name is not its digest.
func blobs(layout string) []string {
	var faults []string
	files, _ := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != filepath.Base(file) {
			faults = append(faults, file+" is another blob")
		}
	}
	if len(files) == 0 {
		faults = append(faults, layout+" has no blobs")
	}
	return faults
}

// released returns what is wrong with a release, by its own keys where it has some.
func released(dir string) []string {
	keys, _ := filepath.Glob(filepath.Join(dir, "keys", "*"))
	report, err := cut.Verify(context.Background(), dir, cut.VerifyRequest{Keys: keys})
	if err != nil {
		return []string{err.Error()}
	}
	if report.Faults() > 0 {
		return report.Lines()
	}
	return nil
}

// checkWhole fails if a dist folder holds what no finished run may leave behind:
// scratch folders, folders of binaries without a record, binaries other than the
// recorded ones.
func checkWhole(dist string) error {
	scratch, _ := filepath.Glob(filepath.Join(dist, ".cache", "tmp", "*"))
	if len(scratch) > 0 {
		return fmt.Errorf("left over: %s", strings.Join(scratch, ", "))
	}
	return checkOutputs(dist)
}

// checkOutputs is checkWhole, but for scratch folders, which a killed run leaves for
// the next one to remove.
func checkOutputs(dist string) error {
	var faults []string
	outputs, _ := filepath.Glob(filepath.Join(dist, "[^.]*", "*"))
	for _, path := range outputs {
		switch filepath.Base(filepath.Dir(path)) {
		case "overlay", "distfiles", "shards":
			continue // of all forks, and no platform's
		}
		switch base := filepath.Base(path); base {
		case "images":
			faults = append(faults, blobs(path)...)
		case "release":
			faults = append(faults, released(path)...)
		case "src", "manifests", "installer", "deploy", "overlay", "distfiles", "tarballs", "_output":
			// without a record here
		case "timeline.json", "release.json", "releases": // what is known of a release
		default:
			if _, ok := recorded[base]; !ok {
				faults = append(faults, path+" is nothing that a run makes")
			}
		}
	}
	for what, record := range recorded {
		dirs, _ := filepath.Glob(filepath.Join(dist, "[^.]*", what, "*"))
		for _, dir := range dirs {
			if err := checkRecord(dir, record.file, record.list); err != nil {
				faults = append(faults, err.Error())
			}
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}

// recorded names the outputs of a fork that have a folder for each platform, with
// the file in it that records the others, and the key of its list.
var recorded = map[string]struct{ file, list string }{
	"bin": {"build.json", "binaries"},
	"deb": {"packages.json", "packages"},
	"rpm": {"packages.json", "packages"},
}

// checkRecord compares the files of a folder with its record.
func checkRecord(dir, name, list string) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	var record map[string]json.RawMessage
	var files []struct {
		File   string
		Size   int64
		SHA256 string
	}
	if err := errors.Join(json.Unmarshal(data, &record), json.Unmarshal(record[list], &files)); err != nil {
		return fmt.Errorf("%s of %s: %w", name, dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	rest := map[string]bool{}
	for _, e := range entries {
		rest[e.Name()] = true
	}
	delete(rest, name)
	for _, b := range files {
		delete(rest, b.File)
		data, err := os.ReadFile(filepath.Join(dir, b.File))
		if err != nil {
			return err
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != b.SHA256 || int64(len(data)) != b.Size {
			return fmt.Errorf("%s: %s has %d bytes and sha256 %s; %s says %d and %s",
				dir, b.File, len(data), sum, name, b.Size, b.SHA256)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s: %s does not name %s", dir, name, strings.Join(slices.Sorted(maps.Keys(rest)), ", "))
	}
	return nil
}
