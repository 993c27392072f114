package packaging

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Settings is the section packages of fork.yaml.
type Settings struct {
	// Maintainer is who is responsible for the packages, as Acme <k8s@example.org>.
	Maintainer string `yaml:"maintainer" json:"maintainer"`
	// Revision counts how often one version of the fork was packaged, from 1.
	Revision int `yaml:"revision" json:"revision"`
	// Compression is zstd, xz or gzip. Debian reads zstd from 12 on, Ubuntu from
	// 18.04 on.
	Compression string `yaml:"compression" json:"compression"`
	// Options are values of variables in the files with a service's options, by
	// package.
	Options map[string]map[string]string `yaml:"options" json:"options"`
	// Replace lists, by package, the paths whose file is replaced by one of the
	// fork's folder files.
	Replace map[string][]string `yaml:"replace" json:"replace"`
}

// Defaulted returns the section with defaults for what it leaves out.
func (s Settings) Defaulted() Settings {
	if s.Revision == 0 {
		s.Revision = 1
	}
	if s.Compression == "" {
		s.Compression = "zstd"
	}
	return s
}

// compressions maps a compression to itself at the level that is worth its time.
var compressions = map[string]string{"zstd": "zstd:best", "xz": "xz", "gzip": "gzip:9"}

var maintainer = regexp.MustCompile(`^[^<>[:cntrl:]]*[^<>[:cntrl:][:space:]] <[^<>@[:cntrl:]\s]+@[^<>@[:cntrl:]\s]+>$`)

// Validate returns the faults of the section, nil if there are none.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	add := func(field, format string, args ...any) {
		faults = append(faults, config.Faultf(field, format, args...))
	}
	if s.Maintainer != "" && !maintainer.MatchString(s.Maintainer) {
		add("maintainer", "%q is not a name and an address: write it like Acme <k8s@example.org>", s.Maintainer)
	}
	if s.Revision < 0 {
		add("revision", "%d is not a revision: they count from 1", s.Revision)
	}
	if compressions[s.Compression] == "" {
		add("compression", "unknown compression %q: want zstd, xz or gzip", s.Compression)
	}
	for _, pkg := range slices.Sorted(maps.Keys(s.Replace)) {
		for i, p := range s.Replace[pkg] {
			if !clean(p) {
				add(fmt.Sprintf("replace.%s[%d]", pkg, i), "%q is not a path from the root, such as /etc/default/kubelet", p)
			}
		}
	}
	return faults
}

// clean reports whether a path can be a file's in a package.
func clean(p string) bool { return path.IsAbs(p) && path.Clean(p) == p && p != "/" && oneLine(p) }

// oneLine reports whether a text can be the value of a field: rpm wants UTF-8, too.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Recipes are the packages that a project can have.
type Recipes struct {
	Homepage    string      `yaml:"homepage" json:"homepage"`
	License     string      `yaml:"license" json:"license"`           // SPDX expression
	LicenseFile string      `yaml:"license_file" json:"license_file"` // in the patched tree
	Copyright   string      `yaml:"copyright" json:"copyright"`       // holders
	Section     string      `yaml:"section" json:"section"`           // Debian's
	Multicall   []Multicall `yaml:"multicall" json:"multicall"`
	AtLeast     []Least     `yaml:"at_least" json:"at_least,omitempty"`
	Packages    []Recipe    `yaml:"packages" json:"packages"`
}

// A Least says from which version on another package will do for versions of the project. It
// applies where a package depends on it, or recommends or suggests it, without a version.
type Least struct {
	Versions version.Range `yaml:"versions" json:"versions"`
	Package  string        `yaml:"package" json:"package"`
	Version  string        `yaml:"version" json:"version"`
}

// A Multicall is a component with several programs in one binary, which runs the program
// whose name it is called by. If a fork builds it, the packages of those programs have a
// link to it, and depend on its package.
type Multicall struct {
	Versions  version.Range `yaml:"versions" json:"versions"`
	Component string        `yaml:"component" json:"component"`
	Package   string        `yaml:"package" json:"package"`
	Path      string        `yaml:"path" json:"path"`
	// Programs maps a component to the name that this binary is called by as that.
	Programs map[string]string `yaml:"programs" json:"programs"`
}

// A Recipe describes one package. A fork can have the package if it builds all its programs,
// and all programs that it requires.
type Recipe struct {
	Name     string        `yaml:"name" json:"name"`
	Versions version.Range `yaml:"versions" json:"versions"`
	Summary  string        `yaml:"summary" json:"summary"`
	// Description is paragraphs, an empty line between two.
	Description string `yaml:"description" json:"description"`
	// Programs maps a component to the path that it is installed at.
	Programs map[string]string `yaml:"programs" json:"programs"`
	Requires []string          `yaml:"requires" json:"requires"` // programs that other packages have
	// Files maps a path to a file of the profile's folder, a template; as tree:PATH, to
	// a file of the patched tree; or, as image:NAME, to an image of the fork, as an OCI
	// archive. A path that ends in / is a folder, and maps to "".
	Files map[string]string `yaml:"files" json:"files"`
	// Former maps a file of Files with a service's defaults to what the operator's file of options was
	// in packages that had it as a configuration file.
	Former map[string]string `yaml:"former" json:"former,omitempty"`
	Man    map[string]string `yaml:"man" json:"man"` // program to section of the manual
	// Completions maps a program that writes them to shells.
	Completions map[string][]string `yaml:"completions" json:"completions"`
	Restart     []string            `yaml:"restart" json:"restart"`
	State       []string            `yaml:"state" json:"state"`
	Retired     []string            `yaml:"retired" json:"retired"`
	LicenseFile string              `yaml:"license_file" json:"license_file,omitempty"` // Recipes' if empty
	Relations   Relations           `yaml:"relations" json:"relations"`
	Overrides   []Override          `yaml:"overrides" json:"overrides"`
}

// Validate returns the faults of the recipes, nil if there are none.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, m := range r.Multicall {
		at := fmt.Sprintf("multicall[%d]", i)
		if m.Component == "" || m.Package == "" || !clean(m.Path) || len(m.Programs) == 0 {
			faults = append(faults, config.Faultf(at, "want component, package, path and programs"))
		}
		if err := m.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(at+".versions", "%v", err))
		}
	}
	for _, f := range []struct{ field, value string }{
		{"homepage", r.Homepage}, {"license", r.License}, {"copyright", r.Copyright}, {"section", r.Section},
	} {
		if !oneLine(f.value) {
			faults = append(faults, config.Faultf(f.field, "want one line"))
		}
	}
	if r.Section != "" && oneLine(r.Section) && !section.MatchString(r.Section) {
		faults = append(faults, config.Faultf("section", "%q is not a section, such as net or contrib/net", r.Section))
	}
	if len(r.Packages) == 0 {
		faults = append(faults, config.Faultf("packages", "want at least one"))
	}
	for i, p := range r.Packages {
		faults = append(faults, config.Below(fmt.Sprintf("packages[%d]", i), p.validate())...)
	}
	for i, l := range r.AtLeast {
		faults = append(faults, config.Below(fmt.Sprintf("at_least[%d]", i), l.validate())...)
	}
	return faults
}

func (l Least) validate() []config.Fault {
	var faults []config.Fault
	if !packageName.MatchString(l.Package) {
		faults = append(faults, config.Faultf("package", "%q is not a package name", l.Package))
	}
	if !debianVersion.MatchString(l.Version) {
		faults = append(faults, config.Faultf("version", "%q is not a version: it begins with a digit, as 2.0 does",
			l.Version))
	}
	if err := l.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	return faults
}

var (
	section    = regexp.MustCompile(`^([a-z0-9+.-]+/)?[a-z0-9+.-]+$`) // of Debian
	manSection = regexp.MustCompile(`^[1-9][A-Za-z0-9]*$`)
)

var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

func (r Recipe) validate() []config.Fault {
	var faults []config.Fault
	add := func(field, format string, args ...any) {
		faults = append(faults, config.Faultf(field, format, args...))
	}
	if !packageName.MatchString(r.Name) {
		add("name", "%q is not a package name: want lower case letters, digits, and + - .", r.Name)
	}
	if err := r.Versions.Validate(); err != nil {
		add("versions", "%v", err)
	}
	if strings.TrimSpace(r.Summary) == "" || !oneLine(r.Summary) {
		add("summary", "want one line")
	}
	if strings.TrimSpace(r.Description) == "" {
		add("description", "is missing")
	}
	for line := range strings.Lines(r.Description) {
		if line = strings.TrimSuffix(line, "\n"); !oneLine(line) || strings.TrimLeft(line, " .") != line {
			add("description", "%q: a line that begins with a blank or a full stop, or has a control character, "+
				"is not text in a deb: want paragraphs, an empty line between two", line)
		}
	}
	for _, o := range r.Overrides {
		if o.Tag == "" || o.Reason == "" || !oneLine(o.Tag+o.Reason) {
			add("overrides", "want a tag and a reason, a line each")
		}
	}
	for _, at := range slices.Sorted(maps.Keys(r.Former)) {
		if !isDefaults(at) || r.Files[at] == "" {
			add("former", "%s is not a file of the package with a service's defaults, such as /usr/lib/ship/captain.options", at)
		}
	}
	return slices.Concat(faults, r.validatePrograms(), r.Relations.validate())
}

func (r Recipe) validatePrograms() []config.Fault {
	var faults []config.Fault
	for _, program := range slices.Sorted(maps.Keys(r.Programs)) {
		if !clean(r.Programs[program]) {
			faults = append(faults, config.Faultf("programs."+program, "%q is not a path from the root", r.Programs[program]))
		}
	}
	for _, program := range slices.Concat(slices.Sorted(maps.Keys(r.Man)), slices.Sorted(maps.Keys(r.Completions))) {
		if r.Programs[program] == "" {
			faults = append(faults, config.Faultf("programs", "%s is missing, and has a manual page or completions", program))
		}
	}
	return slices.Concat(faults, r.validateImages(), r.validateDocuments())
}

var imageName = regexp.MustCompile(`^[a-z0-9]+([._-]+[a-z0-9]+)*$`)

func (r Recipe) validateImages() []config.Fault {
	var faults []config.Fault
	for _, at := range slices.Sorted(maps.Keys(r.Files)) {
		name, ok := strings.CutPrefix(r.Files[at], imageFile)
		switch {
		case !ok:
		case !imageName.MatchString(name):
			faults = append(faults, config.Faultf("files."+at,
				"%q is not the name of an image, such as image:pause", r.Files[at]))
		case len(r.Programs) == 0:
			faults = append(faults, config.Faultf("files."+at,
				"an image is for one platform, as packages with programs are: name programs, too"))
		}
	}
	return faults
}

func (r Recipe) validateDocuments() []config.Fault {
	var faults []config.Fault
	for _, program := range slices.Sorted(maps.Keys(r.Man)) {
		if s := r.Man[program]; !manSection.MatchString(s) {
			faults = append(faults, config.Faultf("man."+program, "%q is not a section of the manual, such as 8", s))
		}
	}
	shells := completions("")
	for _, program := range slices.Sorted(maps.Keys(r.Completions)) {
		for i, shell := range r.Completions[program] {
			if _, ok := shells[shell]; !ok {
				faults = append(faults, config.At("completions."+program, i, "unknown shell %q: want %s",
					shell, list(slices.Sorted(maps.Keys(shells)))))
			}
		}
	}
	return faults
}

func (r Relations) validate() []config.Fault {
	var faults []config.Fault
	r.each(func(key string, list *[]Relation) {
		for i, rel := range *list {
			if err := rel.check(key); err != nil {
				faults = append(faults, config.At("relations."+key, i, "%v", err))
			}
		}
	})
	return faults
}

// image returns the name of the image that is at a path of the package, or "".
func (r Recipe) image(at string) string {
	name, ok := strings.CutPrefix(r.Files[at], imageFile)
	if !ok {
		return ""
	}
	return name
}

// Images returns the names of the images that the package has in it, sorted.
func (r Recipe) Images() []string {
	var out []string
	for at := range r.Files {
		if name := r.image(at); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
