package images

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// Recipes is images.yaml of a profile: the images of a project, across its
// versions.
type Recipes struct {
	// Users are the accounts of every image besides root and nobody. Each has one id,
	// as a user and as a group.
	Users  map[string]int `yaml:"users" json:"users"`
	Images []Recipe       `yaml:"images" json:"images"`
	Pods   []Pod          `yaml:"pods" json:"pods"`
	// Sets are Debian packages that a base can be made of by one name.
	Sets []Set `yaml:"sets" json:"sets"`
}

// A Set is a row with Debian packages. A set consists of the packages of all rows with its
// name whose range contains the version.
type Set struct {
	Name     string        `yaml:"name" json:"name"`
	Versions version.Range `yaml:"versions" json:"versions"`
	Packages []string      `yaml:"packages" json:"packages"` // names, or alternatives, as iproute2 | iproute
	Source   string        `yaml:"source" json:"source"`     // what the row rests on, for people
}

// A Recipe describes one image. It is made if the fork has all of its programs.
type Recipe struct {
	Name     string        `yaml:"name" json:"name"` // of the repository
	Versions version.Range `yaml:"versions" json:"versions"`
	Summary  string        `yaml:"summary" json:"summary"`
	// Base is none for an image that has no base, whatever the fork's images have.
	Base string `yaml:"base" json:"base"`
	// Programs maps a component to its path in the image. If the fork builds it into a
	// multi-name program, the image takes the layer of that one instead.
	Programs map[string]string `yaml:"programs" json:"programs"`
	// BuiltIn maps a program that is part of Slipway, such as pause, to its path.
	BuiltIn map[string]string `yaml:"own" json:"own"`
	Links   map[string]string `yaml:"links" json:"links"`     // path to target
	Folders []string          `yaml:"folders" json:"folders"` // empty dirs
	Start   string            `yaml:"start" json:"start"`     // the program that the image runs
	Args    []string          `yaml:"args" json:"args"`       // its arguments if none are given
	User    string            `yaml:"user" json:"user"`       // it runs as; empty is root
	Ports   []string          `yaml:"ports" json:"ports"`     // 2379/tcp
	Bind    []string          `yaml:"bind" json:"bind"`       // programs that may listen on ports below 1024
	Pods    string            `yaml:"pods" json:"pods"`       // the dir for the files of all pods
	// Installs maps a role to what the image installs on a host of that role.
	Installs map[string]Role `yaml:"installs" json:"installs"`
}

// A Role is the purpose of a host without a package manager: the packages that are
// installed, and the units that are enabled and started.
type Role struct {
	Packages []string `yaml:"packages" json:"packages"`
	Units    []string `yaml:"units" json:"units"`
	// Check is a shell script of the packages that looks at a host, with the argument
	// --check, before anything is installed there.
	Check string `yaml:"check" json:"check,omitempty"`
}

// Packages returns the packages that an image installs, sorted, each once.
func (r Recipe) Packages() []string {
	var out []string
	for _, role := range r.Installs {
		out = append(out, role.Packages...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var repository = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

// Validate returns the faults of the recipes, nil if there are none.
func (r Recipes) Validate() []config.Fault {
	faults := r.validateUsers()
	for i, image := range r.Images {
		faults = append(faults, config.Below(fmt.Sprintf("images[%d]", i), image.validate())...)
	}
	for i, pod := range r.Pods {
		if err := pod.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("pods[%d].versions", i), "%v", err))
		}
		if !slices.ContainsFunc(r.Images, func(image Recipe) bool { return image.Name == pod.Name }) {
			faults = append(faults, config.At("pods", i,
				"%q is not the name of an image: a pod runs the image of its name", pod.Name))
		}
	}
	for i, set := range r.Sets {
		faults = append(faults, config.Below(fmt.Sprintf("sets[%d]", i), set.validate())...)
	}
	return faults
}

// validateUsers returns what is wrong with the users: names and ids that others have.
func (r Recipes) validateUsers() []config.Fault {
	var faults []config.Fault
	names := map[int]string{65534: "nobody"} // by id
	for _, user := range slices.Sorted(maps.Keys(r.Users)) {
		id := r.Users[user]
		switch {
		case user == "root" || user == "nobody":
			faults = append(faults, config.Faultf("users."+user, "every image has this user: leave it out"))
		case id < 1:
			faults = append(faults, config.Faultf("users."+user, "%d is not the id of a user: want 1 or more", id))
		case names[id] != "":
			faults = append(faults, config.Faultf("users."+user, "%d is the id of %s: take another one", id, names[id]))
		default:
			names[id] = user
		}
	}
	return faults
}

func (r Recipe) validate() []config.Fault {
	var faults []config.Fault
	if !repository.MatchString(r.Name) {
		faults = append(faults, config.Faultf("name", "%q is not a repository's name: "+
			"want lower-case letters and digits, and . _ - between them", r.Name))
	}
	if err := r.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if r.Base != "" && r.Base != noBase {
		faults = append(faults, config.Faultf("base", "%q is not none: other bases are set in fork.yaml", r.Base))
	}
	if r.Start != "" && r.path(r.Start) == "" {
		faults = append(faults, config.Faultf("start", "%s is not one of the image's programs", r.Start))
	}
	for i, program := range r.Bind {
		if _, ok := r.Programs[program]; !ok {
			faults = append(faults, config.At("bind", i, "%s is not one of the image's programs", program))
		}
	}
	return append(faults, r.validatePaths()...)
}

// validatePaths returns the paths at which nothing can be in an image.
func (r Recipe) validatePaths() []config.Fault {
	paths := map[string]string{} // by field
	for name, at := range r.Programs {
		paths["programs."+name] = at
	}
	for name, at := range r.BuiltIn {
		paths["own."+name] = at
	}
	for at := range r.Links {
		paths["links."+at] = at
	}
	for i, at := range r.Folders {
		if !isMounted(at) { // it is mounted there
			paths[fmt.Sprintf("folders[%d]", i)] = at
		}
	}
	var faults []config.Fault
	for _, field := range slices.Sorted(maps.Keys(paths)) {
		if fault := placeFault(paths[field]); fault != "" {
			faults = append(faults, config.Faultf(field, "%s", fault))
		}
	}
	return faults
}

func (s Set) validate() []config.Fault {
	faults := validatePackages(s.Packages)
	if s.Name == "" {
		faults = append(faults, config.Faultf("name", "is missing"))
	}
	if err := s.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if len(s.Packages) == 0 {
		faults = append(faults, config.Faultf("packages", "is empty"))
	}
	return faults
}

// Names returns the names of the images of a version, in the order of the recipes.
func (r Recipes) Names(v version.Version) []string {
	var out []string
	for _, image := range r.Select(v, func(string) bool { return true }) {
		out = append(out, image.Name)
	}
	return out
}

// Set returns the packages of a set for a version, sorted, each once. The error for an
// unknown set lists the sets, or their versions.
func (r Recipes) Set(name string, v version.Version) ([]string, error) {
	var out, names, ranges []string
	for _, s := range r.Sets {
		switch {
		case s.Name != name:
			names = append(names, s.Name)
		case s.Versions.Contains(v):
			out = append(out, s.Packages...)
		case !slices.Contains(ranges, string(s.Versions)):
			ranges = append(ranges, string(s.Versions))
		}
	}
	switch {
	case len(out) > 0:
		slices.Sort(out)
		return slices.Compact(out), nil
	case len(ranges) > 0:
		return nil, fmt.Errorf("set %q has no row for %s in the profile; it has rows for %s", name, v,
			strings.Join(ranges, "; "))
	case len(names) > 0:
		slices.Sort(names)
		return nil, fmt.Errorf("unknown set %q; the profile has %s", name, strings.Join(slices.Compact(names), ", "))
	}
	return nil, fmt.Errorf("unknown set %q: the profile has no sets of packages", name)
}

// noBase is the base of an image that has none.
const noBase = "none"

// HasBase reports whether the image has the base of the fork's images.
func (r Recipe) HasBase() bool { return r.Base != noBase }

// Select returns the recipes whose images a fork can make: for each name the first whose
// range contains the version, if has reports true for all its programs.
func (r Recipes) Select(v version.Version, has func(program string) bool) []Recipe {
	var out []Recipe
	var seen []string
	for _, image := range r.Images {
		if !image.Versions.Contains(v) || slices.Contains(seen, image.Name) {
			continue
		}
		seen = append(seen, image.Name)
		complete := true
		for program := range image.Programs {
			complete = complete && has(program)
		}
		if complete {
			out = append(out, image)
		}
	}
	return out
}

// Own returns the names of the images of a version that consist of Slipway's own programs
// alone, sorted: those that need neither a base nor anything that a fork builds.
func (r Recipes) Own(v version.Version) []string {
	var out []string
	for _, image := range r.Select(v, func(string) bool { return false }) {
		if len(image.BuiltIn) > 0 && len(image.Installs) == 0 && image.Pods == "" && !image.HasBase() {
			out = append(out, image.Name)
		}
	}
	slices.Sort(out)
	return out
}

// path returns the path of a program, empty if the image does not have it.
func (r Recipe) path(program string) string { return r.Programs[program] + r.BuiltIn[program] }

// Command returns the command that starts a program in the image: its path. If the program
// is part of many, a multi-name program at path that knows it by another name, the command
// is path and that name.
func (r Recipe) Command(program string, many *packaging.Multicall, path string) []string {
	if many == nil || many.Programs[program] == program {
		return []string{r.path(program)}
	}
	return []string{path, many.Programs[program]}
}
