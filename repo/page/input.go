package page

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/repo/page/index"
	"github.com/slipway-build/slipway/version"
)

// index returns index.json, in order.
func (in Input) index() (index.Index, error) {
	doc := index.Index{
		Schema: index.Schema, Name: in.Name, Origin: in.Origin, Description: in.Description, URL: in.URL,
		Snapshot: in.Snapshot, Suites: []index.Suite{}, Snapshots: []index.Snapshot{}, Keys: []index.Key{},
		Downloads: []index.Download{}, Images: []index.Image{},
	}
	shown := slices.IndexFunc(in.Snapshots, func(s Snapshot) bool { return s.ID == in.Snapshot })
	if shown < 0 {
		return doc, fmt.Errorf("%s: the snapshot %s that it shows is not among those that are kept", in.URL, in.Snapshot)
	}
	doc.Time = in.Snapshots[shown].Time
	for _, s := range in.Suites {
		doc.Suites = append(doc.Suites, in.suite(s))
	}
	for _, s := range in.Snapshots {
		doc.Snapshots = append(doc.Snapshots, in.snapshot(s))
	}
	for _, k := range in.Keys {
		doc.Keys = append(doc.Keys, index.Key{
			Fingerprint: k.Fingerprint, Name: k.Name, Expires: k.Expires, URL: in.at(in.Name + ".asc"),
		})
	}
	if in.Overlay.Name != "" {
		doc.Overlay = &index.Overlay{Name: in.Overlay.Name, URL: in.at("overlay.git")}
	}
	for _, d := range in.Downloads {
		doc.Downloads = append(doc.Downloads, index.Download{
			Fork: fork(d.Fork), Channel: d.Channel, URL: in.at(d.Folder), Pointer: in.at(d.Folder, d.Pointer),
		})
	}
	for _, i := range in.Images {
		doc.Images = append(doc.Images, index.Image(i))
	}
	in.sort(doc)
	return doc, nil
}

func (in Input) suite(s Suite) index.Suite {
	out := index.Suite{Name: s.Name, Channel: s.Channel, Forks: []index.Fork{}}
	for _, f := range s.Forks {
		out.Forks = append(out.Forks, fork(f))
	}
	slices.SortFunc(out.Forks, func(a, b index.Fork) int { return byMinor(a.ID, b.ID) })
	if len(s.Debs) > 0 {
		out.Apt = &index.Apt{URI: in.at("apt"), Suite: s.Name, Components: []string{"main"},
			Architectures: sorted(s.Debs)}
		if len(in.Keys) > 0 {
			out.Apt.Sources = in.at("apt", s.Name+".sources")
		}
	}
	if len(s.RPMs) > 0 {
		out.Yum = &index.Yum{Mirrorlist: in.at("rpm", s.Name, "mirrorlist"),
			BaseURL: in.at("rpm", s.Name, s.Revision) + "/", Revision: s.Revision,
			Architectures: sorted(s.RPMs)}
		if len(in.Keys) > 0 {
			out.Yum.Repo = in.at("rpm", s.Name+".repo")
		}
	}
	return out
}

func (in Input) snapshot(s Snapshot) index.Snapshot {
	out := index.Snapshot{ID: s.ID, Time: s.Time, Verb: s.Verb, Args: append([]string{}, s.Args...),
		Yum: map[string]string{}}
	if in.Dated && len(s.Debs) > 0 {
		out.Apt, out.AptSuites = in.at("apt", "snapshots", s.ID), sorted(s.Debs)
	}
	for name, revision := range s.Revisions {
		out.Yum[name] = in.at("rpm", name, revision) + "/"
	}
	return out
}

// at returns the URL of a path below the root.
func (in Input) at(path ...string) string { return in.URL + "/" + escaped(path...) }

// escaped returns a path as a relative URL. To some servers an unescaped plus is a blank.
func escaped(path ...string) string {
	return strings.ReplaceAll((&url.URL{Path: strings.Join(path, "/")}).EscapedPath(), "+", "%2B")
}

// sort puts all lists but that of keys in order.
func (in Input) sort(d index.Index) {
	byChannel := func(a, b string) int { // the last is what most people want
		return cmp.Compare(slices.Index(in.Channels, b), slices.Index(in.Channels, a))
	}
	slices.SortFunc(d.Suites, func(a, b index.Suite) int {
		return cmp.Or(byMinor(a.Name, b.Name), byChannel(a.Channel, b.Channel), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(d.Snapshots, func(a, b index.Snapshot) int { return strings.Compare(b.ID, a.ID) })
	slices.SortFunc(d.Downloads, func(a, b index.Download) int {
		return cmp.Or(byMinor(a.Fork.ID, b.Fork.ID), byChannel(a.Channel, b.Channel))
	})
	slices.SortFunc(d.Images, func(a, b index.Image) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Tag, b.Tag))
	})
}

// minor matches the end of a name such as kubernetes-1.36-candidate.
var minor = regexp.MustCompile(`-([0-9]+\.[0-9]+)(-.*)?$`)

// byMinor compares names by what is before their minor version, and then by that: the newest is
// the first.
func byMinor(a, b string) int {
	projectA, minorA := split(a)
	projectB, minorB := split(b)
	return cmp.Or(strings.Compare(projectA, projectB), version.CompareRevisions(minorB+".0", minorA+".0"))
}

func split(name string) (project, minorVersion string) {
	m := minor.FindStringSubmatchIndex(name)
	if m == nil {
		return name, "0.0"
	}
	return name[:m[0]], name[m[2]:m[3]]
}

// fork returns a fork with its versions, the newest first.
func fork(f Fork) index.Fork {
	versions := append([]string{}, f.Versions...)
	slices.SortFunc(versions, func(a, b string) int {
		return cmp.Or(version.CompareRevisions(b, a), strings.Compare(b, a))
	})
	return index.Fork{ID: f.ID, Minor: f.Minor, Versions: versions}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
