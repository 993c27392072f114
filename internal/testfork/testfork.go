// Package testfork writes a small upstream and a project that forks it, so that tests need no network.
//
// The upstream is example.org/ship, which has the outline of Kubernetes: sibling modules that the root replaces by
// folders its zip does not hold, a go.work that names them all, version stamps, a build tag that shows ("sail"), a
// command that needs cgo, a stray vendor/OWNERS. It differs between releases where a patch series feels it, in
// pkg/crew/crew.go: seen from v1.4.1, for which the project's patches are made, v1.4.0 has fewer lines above the
// patched ones, and v1.5.0-rc.1 has other words in the line that the first hunk of 0001-crew.patch replaces.
package testfork

import (
	"embed"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/tools/txtar"
)

// The files are data, as readable as the trees they become; embedding leaves no other place than a package variable.
//
//go:embed archives/*.txtar
var archives embed.FS

// release is one release of the ship, of the siblings published with it, and what is particular to its text.
type release struct {
	ship    string // the root module's version
	sibling string // the siblings' version
	tag     tag
	shift   string // lines above the motto, which move what is below
	motto   string
	lantern bool // sample-lantern was published
}

func releases() []release {
	const early = "A fair wind and an early start."
	const late = "A fair wind and a late breakfast."
	const berths = "\n// Berths is how many can sleep aboard.\nconst Berths = 12\n"
	const watches = "\n// Watches is how many times a day the crew changes places.\nconst Watches = 6\n"
	return []release{
		{
			ship: "v1.4.0", sibling: "v0.4.0", lantern: true, motto: early,
			tag: tag{"2026-01-02T03:04:05Z", "14000f5e1b7a4c0d9e8f7a6b5c4d3e2f1a0b9c80"},
		},
		{
			ship: "v1.4.1", sibling: "v0.4.1", shift: berths, motto: early,
			tag: tag{"2026-02-03T04:05:06Z", "14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71"},
		},
		{
			ship: "v1.5.0-rc.1", sibling: "v0.5.0-rc.1", shift: berths + watches, motto: late,
			tag: tag{"2026-03-04T05:06:07Z", "150c1e4f2a6b8d0c3e5f7a9b1d2c4e6f8a0b3d51"},
		},
	}
}

// WriteProxy writes a file-system module proxy below dir that serves the ship, its siblings and the rope they need.
//
// example.org/ship is there at v1.4.0, v1.4.1 and v1.5.0-rc.1; example.org/hull and example.org/rigging at v0.4.0,
// v0.4.1 and v0.5.0-rc.1; example.org/sample-lantern at v0.4.0 only, for not every sibling is published with every
// release; example.com/rope at v1.2.3, v1.3.0 and, without its license, v1.4.0. The bytes are the same every time.
func WriteProxy(dir string) error {
	files, err := archive("rope")
	if err != nil {
		return err
	}
	t := tag{"2025-12-01T02:03:04Z", "123d0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b"}
	if _, err := publish(dir, module.Version{Path: "example.com/rope", Version: "v1.3.0"}, t, files); err != nil {
		return err
	}
	bare := slices.DeleteFunc(slices.Clone(files), func(f txtar.File) bool { return f.Name == "LICENSE" })
	if _, err := publish(dir, module.Version{Path: "example.com/rope", Version: "v1.4.0"}, t, bare); err != nil {
		return err
	}
	rope, err := publish(dir, module.Version{Path: "example.com/rope", Version: "v1.2.3"}, t, files)
	if err != nil {
		return err
	}
	for _, r := range releases() {
		if err := r.publish(dir, rope); err != nil {
			return err
		}
	}
	return nil
}

// publish puts the release's modules into the proxy, the hull first because the others' go.sum has its sums.
func (r release) publish(dir, rope string) error {
	repo, err := archive("ship")
	if err != nil {
		return err
	}
	repo = fill(repo, "{{ship}}", r.ship, "{{sibling}}", r.sibling, "{{crew.shift}}", r.shift, "{{crew.motto}}", r.motto,
		"{{rope.sum}}\n", rope)
	hull, err := r.publishSibling(dir, "example.org/hull", repo)
	if err != nil {
		return err
	}
	repo = fill(repo, "{{hull.sum}}\n", hull)
	if _, err := r.publishSibling(dir, "example.org/rigging", repo); err != nil {
		return err
	}
	if r.lantern {
		if _, err := r.publishSibling(dir, "example.org/sample-lantern", repo); err != nil {
			return err
		}
	}
	_, err = publish(dir, module.Version{Path: "example.org/ship", Version: r.ship}, r.tag, repo)
	return err
}

func (r release) publishSibling(dir, path string, repo []txtar.File) (sums string, err error) {
	var files []txtar.File
	for _, f := range repo {
		if name, ok := strings.CutPrefix(f.Name, "staging/src/"+path+"/"); ok {
			files = append(files, txtar.File{Name: name, Data: f.Data})
		}
	}
	return publish(dir, module.Version{Path: path, Version: r.sibling}, r.tag, files)
}

// ProxyURL is what GOPROXY is set to for the proxy that WriteProxy wrote to dir, an absolute path.
func ProxyURL(dir string) string {
	path := filepath.ToSlash(dir)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// Env is KEY=VALUE pairs that bind the go command to the proxy below proxyDir and keep it away from the user's
// settings and modules. PATH is left to the caller.
//
// Modules are unpacked below home, writable, so that a test's folder can be deleted. The build cache goCache is
// apart because it is sound to share it between tests, and slow not to.
func Env(proxyDir, home, goCache string) []string {
	return []string{
		"HOME=" + home,
		"GOCACHE=" + goCache,
		"GOENV=off",
		"GOFLAGS=-modcacherw",
		"GOMODCACHE=" + filepath.Join(home, "mod"),
		"GOPATH=" + filepath.Join(home, "go"),
		"GOPROXY=" + ProxyURL(proxyDir),
		"GOSUMDB=off",
		"GOTOOLCHAIN=local",
	}
}

// WriteProject writes a project folder to dir: the profile of the ship and one fork of its v1.4.1 with two patches,
// of which the first changes package crew and the second adds the command bosun.
func WriteProject(dir string) error { return write(dir, "project") }

// WriteEarly writes a Kubernetes from before modules to dir, and make.sh, which makes the git repository kubernetes of
// it: the tags v1.4.12 and v1.5.2, and a company's branch acme of the first.
func WriteEarly(dir string) error { return write(dir, "early") }

// write writes the files of an archive.
func write(dir, name string) error {
	files, err := archive(name)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data); err != nil {
			return err
		}
	}
	return nil
}

func archive(name string) ([]txtar.File, error) {
	data, err := archives.ReadFile("archives/" + name + ".txtar")
	if err != nil {
		return nil, fmt.Errorf("reading the archive of the %s: %w", name, err)
	}
	return txtar.Parse(data).Files, nil
}

// fill returns the files with each text at an even index replaced by the one that follows it.
func fill(files []txtar.File, texts ...string) []txtar.File {
	replacer := strings.NewReplacer(texts...)
	filled := make([]txtar.File, 0, len(files))
	for _, f := range files {
		filled = append(filled, txtar.File{Name: f.Name, Data: []byte(replacer.Replace(string(f.Data)))})
	}
	return filled
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
