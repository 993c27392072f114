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

	"github.com/slipway-build/slipway/version"
)

// kept is how many versions of a package an overlay has, the newest ones.
const kept = 3

// A Tree is an overlay's files, by path.
type Tree map[string][]byte

// recordName is the file of an overlay that says how the others were written, so
// that what somebody changed since can be told.
const recordName = "metadata/slipway.json"

// A record has a mark of each file that was written.
type record map[string]string

// keywordsLine is the maintainer's: it says where a version was tested.
var keywordsLine = regexp.MustCompile(`(?m)^KEYWORDS=.*$`)

// mark stands for a file's content, but for its keywords.
func mark(data []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(keywordsLine.ReplaceAll(data, nil)))
}

// edited reports whether somebody changed a file since it was written.
func (r record) edited(name string, data []byte) bool { return r[name] != mark(data) }

// Merge puts an overlay's files into one that is there already, and writes all
// Manifests. Versions that are there stay, the newest of them; so do files that
// somebody else wrote or changed, and keywords. It returns the files, which have
// passed Check, and what a person should know.
func (o Overlay) Merge(old Tree) (Tree, []string, error) {
	fresh, err := o.Lay()
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
		for _, name := range []string{f.Project.Name, f.Project.Name + "-bin", f.Project.Name + "-meta"} {
			notes = append(notes, f.settle(f.Project.Category+"/"+name, old, out, written)...)
		}
	}
	for _, f := range o.summarize(out) {
		notes = append(notes, out.put(f, written)...)
	}
	data, err := json.MarshalIndent(written, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	out[recordName] = append(data, '\n')
	if err := o.manifests(old, out); err != nil {
		return nil, nil, err
	}
	return out, notes, out.Check()
}

// put puts a file into the overlay, unless somebody changed the one that is there;
// the keywords stay theirs.
func (t Tree) put(f File, written record) []string {
	was, there := t[f.Path]
	if there && !bytes.Equal(keywordsLine.ReplaceAll(was, nil), keywordsLine.ReplaceAll(f.Data, nil)) && written.edited(f.Path, was) {
		return []string{fmt.Sprintf("%s was changed by hand and stays: delete it to have it written anew", f.Path)}
	}
	if line := keywordsLine.Find(was); line != nil {
		f.Data = keywordsLine.ReplaceAllLiteral(f.Data, line)
	}
	t[f.Path], written[f.Path] = f.Data, mark(f.Data)
	return nil
}

// record reads how the files were written, which says nothing of a new overlay's.
func (t Tree) record() (record, error) {
	out := record{}
	if data, ok := t[recordName]; ok {
		if err := json.Unmarshal(data, &out); err != nil {
			return nil, fmt.Errorf("%s: %w", recordName, err)
		}
	}
	return out, nil
}

// settle takes from a package what its newest ebuild replaces, and tells what to
// say of the change in a commit.
func (f Fork) settle(dir string, old, out Tree, written record) []string {
	var notes []string
	base := path.Base(dir)
	was, now := old.versions(dir), out.versions(dir)
	for _, v := range now {
		// An earlier revision of the same version has nothing that the new one lacks.
		if pv, _ := revision(v); pv == f.Version && v != f.pvr() {
			notes = append(notes, out.drop(dir, v, written)...)
		}
	}
	now = out.versions(dir)
	for len(now) > kept {
		notes = append(notes, out.drop(dir, now[0], written)...)
		now = now[1:]
	}
	switch {
	case !slices.Contains(now, f.pvr()) || slices.Contains(was, f.pvr()):
	case len(was) == 0:
		notes = append(notes, fmt.Sprintf("commit as %q", dir+": new package, add "+f.pvr()))
	default:
		notes = append(notes, fmt.Sprintf("commit as %q", dir+": add "+f.pvr()))
	}
	// What no ebuild names any more.
	for name := range out {
		aux, ok := strings.CutPrefix(name, dir+"/files/")
		if ok && written[name] == mark(out[name]) && !slices.ContainsFunc(now, func(v string) bool {
			pv, _ := revision(v)
			return strings.HasPrefix(aux, base+"-"+pv+"-")
		}) {
			delete(out, name)
			delete(written, name)
		}
	}
	return notes
}

// drop takes a version from a package, unless somebody changed it.
func (t Tree) drop(dir, v string, written record) []string {
	name := fmt.Sprintf("%s/%s-%s.ebuild", dir, path.Base(dir), v)
	if written.edited(name, t[name]) {
		return []string{fmt.Sprintf("%s was changed by hand and stays, though it is replaced", name)}
	}
	delete(t, name)
	delete(written, name)
	return nil
}

// versions returns those of a package, with their revisions, in order.
func (t Tree) versions(dir string) []string {
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

// Latest returns the revision that an overlay has of the fork's ebuilds, 0 if it
// has none.
func (f Fork) Latest(old Tree) int {
	latest := 0
	for _, v := range old.versions(f.Project.Category + "/" + f.Project.Name) {
		if pv, r := revision(v); pv == f.Version {
			latest = max(latest, r)
		}
	}
	return latest
}

// Differs reports whether the fork's ebuilds, at their revision, come to something
// else than an overlay has at the same.
func (f Fork) Differs(old Tree, o Overlay) (bool, error) {
	dir := f.Project.Category + "/" + f.Project.Name
	written, err := old.record()
	if err != nil {
		return false, err
	}
	o.Forks = []Fork{f}
	files, err := o.Lay()
	if err != nil {
		return false, err
	}
	for _, file := range files {
		ours := strings.HasPrefix(file.Path, dir+"/") || strings.HasPrefix(file.Path, dir+"-")
		if ours && path.Base(file.Path) != "metadata.xml" && written[file.Path] != "" && written.edited(file.Path, file.Data) {
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

// manifests writes the Manifest of each package: with the sums of distfiles that
// the forks have, and of those that only older versions fetch, as they were.
func (o Overlay) manifests(old, out Tree) error {
	dirs := map[string][]File{}
	for name, data := range out {
		if parts := strings.SplitN(name, "/", 3); len(parts) == 3 && categoryName.MatchString(parts[0]) && strings.Contains(parts[0], "-") && parts[2] != "Manifest" {
			dir := parts[0] + "/" + parts[1]
			dirs[dir] = append(dirs[dir], File{parts[2], data})
		}
	}
	for dir, files := range dirs {
		known := map[string]Distfile{}
		for line := range strings.Lines(string(old[dir+"/Manifest"])) {
			if w := strings.Fields(line); len(w) == 7 && w[0] == "DIST" {
				size, err := strconv.ParseInt(w[2], 10, 64)
				if err != nil {
					return fmt.Errorf("%s/Manifest: %q is no line of one", dir, strings.TrimSpace(line))
				}
				known[w[1]] = Distfile{w[1], size, w[6], w[4]}
			}
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
		out[dir+"/Manifest"] = Manifest(files, dist)
	}
	return nil
}
