package ebuilds

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/version"
)

// kept is how many versions of a package stay in an overlay: the newest ones.
const kept = 3

// A Tree is an overlay's files, by path.
type Tree map[string][]byte

// recordName is the file of an overlay that records how the others were written.
// A file that differs was changed by hand.
const recordName = "metadata/slipway.json"

// A record maps each file that was written to its mark.
type record map[string]string

// keywordsLine matches the line that maintainers edit: it says where a version was
// tested.
var keywordsLine = regexp.MustCompile(`(?m)^KEYWORDS=.*$`)

// mark returns a sum of a file's content without its keywords.
func mark(data []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(keywordsLine.ReplaceAll(data, nil)))
}

// edited reports whether a file was changed since it was written, or was never
// written.
func (r record) edited(name string, data []byte) bool { return r[name] != mark(data) }

// Merge adds the overlay's files to those of an existing one, which may be nil,
// and writes all Manifests. The newest versions that are there stay, and so do
// keywords and files that somebody else wrote or changed. It returns all files of
// the merged overlay, with notes for the user. The error is not nil if they do not
// pass Check.
func (o Overlay) Merge(old Tree) (Tree, []string, error) {
	out, _, err := o.merge(old)
	if err != nil {
		return nil, nil, err
	}
	// Now it is known which ebuilds stay, whose USE flags have to be described.
	o.earlier = out.flagsOf(old, o.Forks)
	out, notes, err := o.merge(old)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range o.Forks {
		notes = append(notes, f.onlySystemd()...)
	}
	return out, notes, out.Check()
}

// flagsOf returns those descriptions of USE flags in an earlier overlay that ebuilds
// of forks' packages need.
func (t Tree) flagsOf(old Tree, forks []Fork) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, f := range forks {
		for _, dir := range f.dirs() {
			flags := old.described(dir)
			maps.DeleteFunc(flags, func(flag, _ string) bool { return !t.hasFlag(dir, flag) })
			out[dir] = flags
		}
	}
	return out
}

// merge is Merge without its checks.
func (o Overlay) merge(old Tree) (Tree, []string, error) {
	fresh, err := o.Files()
	if err != nil {
		return nil, nil, err
	}
	written, err := old.record()
	if err != nil {
		return nil, nil, err
	}
	out := Tree{}
	maps.Copy(out, old)
	var notes []string
	for _, f := range fresh {
		notes = append(notes, out.put(f, written)...)
	}
	for _, f := range o.Forks {
		for _, dir := range f.dirs() {
			notes = append(notes, f.prune(dir, out, written, o.live(f.Project))...)
		}
	}
	for _, m := range o.messages(old, out) {
		notes = append(notes, CommitNote(m))
	}
	for _, f := range o.summarize(out) {
		notes = append(notes, out.put(f, written)...)
	}
	if out[recordName], err = written.marshal(); err != nil {
		return nil, nil, err
	}
	if err := o.manifests(old, out); err != nil {
		return nil, nil, err
	}
	return out, notes, nil
}

// live returns the versions that forks of a project have, without revisions.
func (o Overlay) live(p Project) []string {
	var out []string
	for _, f := range o.Forks {
		if f.Project.Category == p.Category && f.Project.Name == p.Name {
			out = append(out, f.Version)
		}
	}
	for _, other := range o.Others {
		if v, ok := strings.CutPrefix(other, p.Category+"/"+p.Name+"-"); ok {
			out = append(out, v)
		}
	}
	return out
}

// dirs returns the folders of the fork's packages.
func (f Fork) dirs() []string {
	atom := f.Project.Category + "/" + f.Project.Name
	return []string{atom, atom + "-bin", atom + "-meta"}
}

// put writes a file into the overlay, unless the one that is there was changed by
// hand. Keywords that are there stay.
func (t Tree) put(f File, written record) []string {
	was, there := t[f.Path]
	if there && mark(was) != mark(f.Data) && written.edited(f.Path, was) {
		return []string{fmt.Sprintf("%s was changed by hand and is kept: delete it to have it written again", f.Path)}
	}
	if line := keywordsLine.Find(was); line != nil {
		f.Data = keywordsLine.ReplaceAllLiteral(f.Data, line)
	}
	t[f.Path], written[f.Path] = f.Data, mark(f.Data)
	return nil
}

// marshal returns the record's file.
func (r record) marshal() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// record reads the record of an overlay. A new overlay's is empty.
func (t Tree) record() (record, error) {
	out := record{}
	if data, ok := t[recordName]; ok {
		if err := json.Unmarshal(data, &out); err != nil {
			return nil, fmt.Errorf("%s: %w", recordName, err)
		}
	}
	return out, nil
}

// prune removes from a package what its newest ebuild replaces, but for the versions
// that forks have, and returns notes.
func (f Fork) prune(dir string, out Tree, written record, live []string) []string {
	var notes []string
	now := out.Versions(dir)
	for _, v := range now {
		// The newest revision of a version replaces all earlier ones.
		if pv, _ := revision(v); pv == f.Version && v != f.pvr() {
			notes = append(notes, out.drop(dir, v, written)...)
		}
	}
	now = out.Versions(dir)
	for _, v := range now[:max(0, len(now)-kept)] {
		if pv, _ := revision(v); !slices.Contains(live, pv) {
			notes = append(notes, out.drop(dir, v, written)...)
		}
	}
	now = out.Versions(dir)
	out.dropPatches(dir, now, written)
	return notes
}

// dropPatches removes the patches that no version of a package applies any more,
// unless they were changed by hand.
func (t Tree) dropPatches(dir string, versions []string, written record) {
	for name := range t {
		patch, ok := strings.CutPrefix(name, dir+"/files/")
		used := slices.ContainsFunc(versions, func(v string) bool { return t.applies(dir, v, patch, written) })
		if ok && !used && !written.edited(name, t[name]) {
			delete(t, name)
			delete(written, name)
		}
	}
}

// applies reports whether a version of a package applies a patch of its folder. One
// that was changed by hand may do so by other words.
func (t Tree) applies(dir, v, patch string, written record) bool {
	pv, _ := revision(v)
	name, ofVersion := strings.CutPrefix(patch, path.Base(dir)+"-"+pv+"-")
	ebuild := fmt.Sprintf("%s/%s-%s.ebuild", dir, path.Base(dir), v)
	named := bytes.Contains(t[ebuild], []byte(`"${FILESDIR}/${P}-`+shell.QuoteInside(name)+`"`))
	return ofVersion && (named || written.edited(ebuild, t[ebuild]))
}

// drop removes a version of a package, unless it was changed by hand.
func (t Tree) drop(dir, v string, written record) []string {
	name := fmt.Sprintf("%s/%s-%s.ebuild", dir, path.Base(dir), v)
	if written.edited(name, t[name]) {
		return []string{fmt.Sprintf("%s was changed by hand and is kept, although a newer one replaces it", name)}
	}
	delete(t, name)
	delete(written, name)
	return nil
}

// Versions returns the versions of a package's ebuilds, with revisions, oldest
// first.
func (t Tree) Versions(dir string) []string {
	var out []string
	for name := range t {
		v, ok := strings.CutPrefix(name, dir+"/"+path.Base(dir)+"-")
		if v, ebuild := strings.CutSuffix(v, ".ebuild"); ok && ebuild {
			if _, err := version.CompareGentoo(v, v); err == nil {
				out = append(out, v)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		c, _ := version.CompareGentoo(a, b) // both are versions
		return c
	})
	return out
}

// revision splits the revision off a version.
func revision(v string) (string, int) {
	pv, r, _ := strings.Cut(v, "-r")
	n, _ := strconv.Atoi(r) // 0 if there is none
	return pv, n
}

// Latest returns the highest revision of the fork's version in an overlay, 0 if it
// has none.
func (f Fork) Latest(old Tree) int {
	latest := 0
	for _, v := range old.Versions(f.Project.Category + "/" + f.Project.Name) {
		if pv, r := revision(v); pv == f.Version {
			latest = max(latest, r)
		}
	}
	return latest
}

// Differs reports whether an overlay has other ebuilds or distfiles of the fork at
// the same version and revision. It compares with what was written: what somebody
// changed by hand since does not count, nor does the comment that ebuilds begin with.
func (f Fork) Differs(old Tree, o Overlay) (bool, error) {
	dir := f.Project.Category + "/" + f.Project.Name
	written, err := old.record()
	if err != nil {
		return false, err
	}
	o.Forks = []Fork{f}
	files, err := o.Files()
	if err != nil {
		return false, err
	}
	for _, file := range files {
		ours := strings.HasPrefix(file.Path, dir+"/") || strings.HasPrefix(file.Path, dir+"-")
		known := written[file.Path] != "" && path.Base(file.Path) != "metadata.xml"
		if ours && known && written.edited(file.Path, file.Data) && !sameButHeader(old[file.Path], file.Data) {
			return true, nil
		}
	}
	for _, d := range f.Distfiles {
		for _, name := range []string{dir, dir + "-bin"} {
			line := manifestLine("DIST", d)
			has := bytes.Contains(old[name+"/Manifest"], []byte("DIST "+d.Name+" "))
			if has && !bytes.Contains(old[name+"/Manifest"], []byte(line)) {
				return true, nil
			}
		}
	}
	return false, nil
}

// manifests writes the Manifest of each package. The sums of distfiles that only
// older versions fetch are copied from the old Manifest.
func (o Overlay) manifests(old, out Tree) error {
	dirs := map[string][]File{}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if dir, rel, ok := packageFile(name); ok && rel != "Manifest" {
			if strings.ContainsFunc(name, unicode.IsSpace) {
				return fmt.Errorf("%q: a Manifest cannot list a name with white space: rename the file or remove it", name)
			}
			data := out[name]
			dirs[dir] = append(dirs[dir], File{rel, data})
		}
	}
	for dir, files := range dirs {
		known, err := old.distfiles(dir)
		if err != nil {
			return err
		}
		for _, f := range o.Forks {
			for _, d := range f.Distfiles {
				known[d.Name] = d
			}
		}
		var dist []Distfile
		for _, f := range files {
			for _, name := range fetched(dir, f) {
				if d, ok := known[name]; ok {
					dist = append(dist, d)
				}
			}
		}
		if out.thin() {
			files = nil
		}
		delete(out, dir+"/Manifest")
		if text := Manifest(files, dist); len(text) > 0 {
			out[dir+"/Manifest"] = text
		}
	}
	return nil
}

// packageFile splits the path of a file of a package: category/package/path.
func packageFile(name string) (dir, rel string, ok bool) {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) != 3 || !categoryName.MatchString(parts[0]) || !strings.Contains(parts[0], "-") {
		return "", "", false
	}
	return parts[0] + "/" + parts[1], parts[2], true
}

// distfiles reads the distfiles of a package's Manifest, by name.
func (t Tree) distfiles(dir string) (map[string]Distfile, error) {
	out := map[string]Distfile{}
	for line := range strings.Lines(string(t[dir+"/Manifest"])) {
		w := strings.Fields(line)
		if len(w) != 7 || w[0] != "DIST" {
			continue
		}
		size, err := strconv.ParseInt(w[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s/Manifest: %q is not a Manifest line", dir, strings.TrimSpace(line))
		}
		out[w[1]] = Distfile{Name: w[1], Size: size, BLAKE: w[4], SHA512: w[6]}
	}
	return out, nil
}
