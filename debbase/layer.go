package debbase

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// A Kind is what an entry is.
type Kind int

// The kinds of entries.
const (
	File     Kind = iota
	Folder        // a dir
	Link          // symbolic
	HardLink      // another name of a file
)

// An Entry is a file, dir or link of a layer.
type Entry struct {
	Path     string // from the root, without a slash before it: usr/sbin/ethtool
	Kind     Kind
	Mode     fs.FileMode // permissions and, of a dir, fs.ModeSticky; never set-user-ID or set-group-ID
	UID, GID int
	Target   string                        // of a link, as in the package; of a hard link, the path of an earlier file
	Size     int64                         // of a file, in bytes
	Open     func() (io.ReadCloser, error) // of a file; it reads from Unpack's scratch dir
}

// A Layer is the content of packages, installed to an empty root.
type Layer struct {
	Entries []Entry  // sorted by path; each comes after the dir that it is in
	Notes   []string // differences from what dpkg installs, one a line, by package
}

// Unpack makes a layer of packages that Fetch has put into dir. scratch is an empty
// dir, which must stay for as long as the entries are read.
//
// The dirs bin, sbin and lib* are links into usr, as in Debian since bookworm.
// Manuals, translations and documents are left out, but for copyright files. The
// control paragraph of each package is in var/lib/dpkg/status.d, where scanners look
// for the packages of an image without dpkg. There is no ld.so.cache: Debian's ld.so
// searches /lib/MULTIARCH and /usr/lib/MULTIARCH without one, but not the dirs in
// etc/ld.so.conf.d.
func Unpack(ctx context.Context, pins []Pin, dir, scratch string) (Layer, error) {
	debs := make([]deb, len(pins))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range pins {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.check(); err != nil {
				return err
			}
			debs[i], err = readDeb(p, filepath.Join(dir, p.SHA256+".deb"), filepath.Join(scratch, p.Name+".tar"))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Layer{}, err
	}
	slices.SortFunc(debs, func(a, b deb) int { return strings.Compare(a.pin.Name, b.pin.Name) })
	return merge(debs)
}

// A root is the nodes of a layer, by path.
type root map[string]*node

// merge installs packages, sorted by name, to one root.
func merge(debs []deb) (Layer, error) {
	r, out := root{}, Layer{}
	for i, d := range debs {
		if i > 0 && debs[i-1].pin.Name == d.pin.Name {
			return out, fmt.Errorf("package %s is pinned twice: lock again", d.pin.Name)
		}
		status := statusFile(d)
		for _, n := range append(d.nodes, status) {
			if err := r.put(n); err != nil {
				return out, err
			}
		}
		out.Notes = append(out.Notes, d.notes...)
		out.Notes = append(out.Notes, unrun(d)...)
	}
	if err := r.finish(); err != nil {
		return out, err
	}
	first := map[*node]string{} // the path under which a file with several names comes first
	for _, p := range slices.Sorted(maps.Keys(r)) {
		n := r[p]
		file := n
		if n.same != nil {
			file = n.same
		}
		if target, ok := first[file]; ok {
			n.Kind, n.Target, n.Size, n.Open = HardLink, target, 0, nil
		} else {
			first[file] = p
		}
		out.Entries = append(out.Entries, n.Entry)
	}
	return out, nil
}

// statusFile returns the file that tells scanners about a package.
func statusFile(d deb) *node {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(d.control)), nil }
	return &node{owner: d.pin.Name, Entry: Entry{
		Path: "var/lib/dpkg/status.d/" + d.pin.Name, Mode: 0o644, Size: int64(len(d.control)), Open: open,
	}}
}

// itself is the owner of what no package owns.
const itself = "(the layer itself)"

func newFolder(name string) *node {
	return &node{owner: itself, Entry: Entry{Path: name, Kind: Folder, Mode: 0o755}}
}

func newLink(name, target string) *node {
	return &node{owner: itself, Entry: Entry{Path: name, Kind: Link, Mode: fs.ModePerm, Target: target}}
}

// put adds an entry. Packages may share dirs and equal links: the first stays, as with
// dpkg.
func (r root) put(n *node) error {
	old := r[n.Path]
	switch {
	case old == nil:
		r[n.Path] = n
	case old.Kind == n.Kind && (n.Kind == Folder || n.Kind == Link && n.Target == old.Target):
	default:
		return fmt.Errorf("%s is in package %s and in package %s: leave one of them out", n.Path, old.owner, n.owner)
	}
	return nil
}

// finish adds what no package owns: the links of alternatives and of a merged usr, and
// the dirs above other entries.
func (r root) finish() error {
	for _, a := range alternatives() {
		if r[a.link] == nil && r[a.target] != nil {
			r[a.link] = newLink(a.link, "/"+a.target)
		}
	}
	for _, dir := range []string{"usr/bin", "usr/sbin", "usr/lib"} { // only some architectures have the others
		if err := r.put(newFolder(dir)); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(r)) {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			up := r[dir]
			if up == nil {
				r[dir] = newFolder(dir)
			} else if up.Kind != Folder {
				return fmt.Errorf("%s of package %s is below %s of package %s, which is not a dir: leave one of them out",
					p, r[p].owner, dir, up.owner)
			}
		}
	}
	for _, dir := range merged() {
		if r["usr/"+dir] != nil {
			if err := r.put(newLink(dir, "usr/"+dir)); err != nil {
				return err
			}
		}
	}
	return nil
}

// merged are the dirs of the root whose content Debian has in usr.
func merged() []string { return []string{"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"} }

// mergeUsr returns where a path is once usr is merged. The links themselves, which
// trixie's base-files has, stay where they are.
func mergeUsr(name string, kind Kind) string {
	top, _, below := strings.Cut(name, "/")
	if slices.Contains(merged(), top) && (below || kind != Link) {
		return "usr/" + name
	}
	return name
}

// keep reports whether a path belongs in a layer: manuals, translations and
// documents do not. The copyright file of a package does, and the link by which
// a package has another one's.
func keep(name string, kind Kind) bool {
	for _, dir := range []string{"bug", "doc-base", "info", "lintian", "locale", "man"} {
		if rest, ok := strings.CutPrefix(name, "usr/share/"+dir); ok && (rest == "" || rest[0] == '/') {
			return false
		}
	}
	rest, ok := strings.CutPrefix(name, "usr/share/doc/")
	if !ok {
		return true
	}
	_, file, below := strings.Cut(rest, "/")
	return file == "copyright" || !below && kind == Link
}

// An alternative is a link that update-alternatives makes in a postinst.
type alternative struct{ link, target string }

// alternatives are those that the programs of a Kubernetes node need, the preferred
// target first. iptables has only programs that end in -nft and -legacy, and its
// postinst prefers nft; base-files needs an awk.
func alternatives() []alternative {
	var out []alternative
	for _, name := range []string{"iptables", "ip6tables", "arptables", "ebtables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			for _, kind := range []string{"-nft", "-legacy"} {
				out = append(out, alternative{"usr/sbin/" + name + suffix, "usr/sbin/" + name + kind + suffix})
			}
		}
	}
	for _, awk := range []string{"gawk", "mawk", "original-awk"} {
		out = append(out, alternative{"usr/bin/awk", "usr/bin/" + awk})
	}
	return out
}

// unrun tells what a package's postinst would have done, and is missing in the layer.
// It knows Debian's tools by their names.
func unrun(d deb) []string {
	var out []string
	for _, tool := range []string{
		"addgroup", "adduser", "dpkg-divert", "groupadd", "setcap", "update-ca-certificates", "update-passwd", "useradd",
	} {
		if strings.Contains(d.script, tool) {
			out = append(out, fmt.Sprintf("%s: its postinst calls %s, which was not run", d.pin.Name, tool))
		}
	}
	made := slices.ContainsFunc(alternatives(), func(a alternative) bool {
		return slices.ContainsFunc(d.nodes, func(n *node) bool { return n.Path == a.target })
	})
	if strings.Contains(d.script, "update-alternatives") && !made {
		out = append(out, fmt.Sprintf("%s: its postinst calls update-alternatives, for links that are not known here",
			d.pin.Name))
	}
	return out
}
