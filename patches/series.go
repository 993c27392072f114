package patches

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/internal/lineerr"
)

// A Patch is one patch file of a series.
type Patch struct {
	Name  string // slash path below the patches folder, as the series names it
	Strip int    // leading folders to take off the names in it, as patch -p does
	Data  []byte
	// Diff is where in Data the diff begins, if somebody knows it: of a commit, whose
	// message may quote other diffs. 0 is for a file, in which it has to be found.
	Diff int
	// Exclude are globs of files that the patch does not change, whatever it says.
	Exclude []string
}

// SHA256 returns the hex digest of the patch's bytes.
func (p Patch) SHA256() string {
	sum := sha256.Sum256(p.Data)
	return hex.EncodeToString(sum[:])
}

// ReadSeries reads dir/series as quilt writes it, and the patches it names: one
// a line, with an optional -pN behind (1 unless told), and # comments. It
// reports all faults together, each as FILE:LINE. A patch in dir that the
// series does not name is not a fault, and a dir that does not exist is an empty
// series.
func ReadSeries(dir string) ([]Patch, error) {
	// A Root, for no link in the folder may lead out of it either.
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the patch series: %w", err)
	}
	defer root.Close()
	file := filepath.Join(dir, "series")
	data, err := root.ReadFile("series")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no series file; list the patches in %s, one per line, or "+
			"remove the folder if the fork has none", dir, file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return parseSeries(file, data, func(name string) ([]byte, error) { return readPatch(root, name) })
}

// parseSeries reads the lines of a series file, and with read each patch.
func parseSeries(file string, data []byte, read func(name string) ([]byte, error)) ([]Patch, error) {
	var patches []Patch
	var faults []error
	first := map[string]int{} // the line that names a patch
	dos := false
	for i, line := range strings.Split(string(data), "\n") {
		fault := func(err error) {
			faults = append(faults, &lineerr.Error{File: file, Line: i + 1, Err: err})
		}
		if strings.Contains(line, "\r") && !dos {
			dos = true // said once: such a file has it on each line
			fault(errors.New("the line has a carriage return; save the file with Unix line ends"))
		}
		p, err := parseSeriesLine(line)
		if err == nil && p.Name == "" {
			continue
		}
		if n, ok := first[p.Name]; ok && err == nil {
			err = fmt.Errorf("%s is named on line %d already; remove one of the lines", p.Name, n)
		}
		if err == nil {
			first[p.Name] = i + 1
			p.Data, err = read(p.Name)
		}
		if err != nil {
			fault(err)
			continue
		}
		patches = append(patches, p)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return patches, nil
}

// parseSeriesLine returns the patch a line names, or one without a name.
func parseSeriesLine(line string) (Patch, error) {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return w[0] == '#' }); i >= 0 {
		words = words[:i]
	}
	if len(words) == 0 {
		return Patch{}, nil
	}
	name, options := words[0], words[1:]
	switch {
	case strings.HasPrefix(name, "slipway:"):
		return Patch{}, fmt.Errorf("%s is of Slipway's patch library, and no file; name it in fork.yaml, under patches", name)
	case name[0] == '-':
		return Patch{}, fmt.Errorf("the line names no patch, only %s; put the name first", name)
	case path.IsAbs(name), !filepath.IsLocal(name):
		return Patch{}, fmt.Errorf("%s leaves the patches folder; move the patch into it", name)
	case path.Clean(name) != name:
		return Patch{}, fmt.Errorf("%s is not a clean path; write %s", name, path.Clean(name))
	}
	strip, err := parseStrip(options)
	return Patch{Name: name, Strip: strip}, err
}

// parseStrip reads the options behind a patch's name.
func parseStrip(options []string) (int, error) {
	strip := 1
	for ; len(options) > 0; options = options[1:] {
		n, ok := strings.CutPrefix(options[0], "-p")
		switch {
		case options[0] == "-R":
			return 0, errors.New("-R is not supported; store the patch the way round that it applies")
		case !ok:
			return 0, fmt.Errorf("%s is not an option of a patch, only -pN is; name one patch a line", options[0])
		case n == "" && len(options) > 1:
			options = options[1:]
			n = options[0]
		}
		if n == "ab" { // quilt's word for git's a/ and b/
			n = "1"
		}
		v, err := strconv.ParseUint(n, 10, 8)
		if err != nil {
			return 0, fmt.Errorf("-p%s is not a number of folders; write -p1", n)
		}
		strip = int(v)
	}
	return strip, nil
}

func readPatch(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist; add the file or remove the line", name)
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name the patches in it, one a line", name)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file; replace it by one or remove the line", name)
	}
	var data []byte
	if err == nil {
		data, err = root.ReadFile(name)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read (%w); make it a file of this folder", name, err)
	case len(data) == 0:
		return nil, fmt.Errorf("%s is empty; write it again or remove the line", name)
	}
	return data, nil
}
