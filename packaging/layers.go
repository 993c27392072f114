package packaging

import (
	"bytes"
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/envfile"
)

// A Layer is a file of options that earlier packages had as a configuration file, and
// that has since had only the operator's changes of the package's defaults.
type Layer struct {
	Path     string // /etc/default/kubelet
	Defaults string // /usr/lib/kubernetes/kubelet.options
	Tool     string // /usr/libexec/kubernetes/kubelet-options, which finds the changes
	Former   string // what the configuration file was
}

// optionsTool is the source of the program that merges options on a host.
const optionsTool = "slipway:options"

//go:embed options.sh
var optionsScript []byte

var defaultsFile = regexp.MustCompile(`^/usr/lib/[^/]+/([^/]+)\.options$`)

// isDefaults reports whether a path is that of a service's defaults, of which the file in the
// family's folder of options has only changes.
func isDefaults(at string) bool { return defaultsFile.MatchString(at) }

// changesOf returns the path of the file with changes of defaults.
func (f Family) changesOf(defaults string) string {
	return path.Join(f.Options, defaultsFile.FindStringSubmatch(defaults)[1])
}

// place returns where a file is in packages of the family: without layers, a service's
// defaults are in the folder of options, and the operator's.
func (in Input) place(at string) string {
	if isDefaults(at) && !in.Family.Layers {
		return in.Family.changesOf(at)
	}
	return at
}

// toolOf returns the path of the program that merges a service's options.
func toolOf(defaults string) string {
	return strings.TrimSuffix(strings.Replace(defaults, "/usr/lib/", "/usr/libexec/", 1), ".options") + "-options"
}

// holdsFlags reports whether the value of a variable is a list of flags, of which each
// can be changed by itself.
func holdsFlags(variable string) bool { return strings.HasSuffix(variable, "_ARGS") }

// A flag is one option of a command line, and a removed one has no value.
type flag struct {
	name    string
	raw     string // as it is written
	removed bool
}

var (
	flagWord = regexp.MustCompile(`^--?[^-=]`)
	removal  = regexp.MustCompile(`^!--?[^-=][^=]*$`)
)

// flags returns the flags of a value. -name, --name and --na_me are the same as far as
// the names are compared. options.sh does the same on hosts.
func flags(value string) ([]flag, error) {
	words, err := envfile.Split(value)
	if err != nil {
		return nil, err
	}
	var out []flag
	open := false // the last flag may have its value in the next word
	for _, w := range words {
		switch {
		case removal.MatchString(w.Text):
			out, open = append(out, flag{flagName(w.Text[1:]), w.Raw, true}), false
		case strings.HasPrefix(w.Text, "!"):
			return nil, fmt.Errorf("%s removes no flag: write !--FLAG, without a value", w.Raw)
		case flagWord.MatchString(w.Text):
			out, open = append(out, flag{flagName(w.Text), w.Raw, false}), !strings.Contains(w.Text, "=")
		case open:
			out[len(out)-1].raw += " " + w.Raw
			open = false
		default:
			return nil, fmt.Errorf("%s is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks", w.Raw)
		}
	}
	return out, nil
}

func flagName(word string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	return strings.ReplaceAll(name, "_", "-")
}

// mergeFlags returns a value whose flags are changed: those of a name that the changes
// have are replaced, all of them, and others are added. !--name removes.
func mergeFlags(defaults, changes string) (string, error) {
	changed, err := flags(changes)
	if err != nil {
		return "", err
	}
	had, err := flags(defaults)
	if err != nil {
		return "", fmt.Errorf("the defaults: %w", err)
	}
	var lines []string
	for _, f := range had {
		if !slices.ContainsFunc(changed, func(c flag) bool { return c.name == f.name }) {
			lines = append(lines, f.raw)
		}
	}
	for _, f := range changed {
		if !f.removed {
			lines = append(lines, f.raw)
		}
	}
	return "\n" + strings.Join(append(lines, ""), "\n"), nil
}

// change changes a variable of defaults.
func (f *File) change(name, value string) error {
	for _, v := range envfile.Parse(f.Data) {
		if v.Name != name {
			continue
		}
		if holdsFlags(name) {
			var err error
			if value, err = mergeFlags(v.Value, value); err != nil {
				return err
			}
		}
		f.Data = envfile.Set(f.Data, name, value)
		return nil
	}
	return nil
}

// overlaid returns defaults with changes as one file. Flags that cannot be read, which
// layered reports, are taken as they are.
func overlaid(defaults, changes []byte) []byte {
	f := File{Data: bytes.Clone(defaults)}
	for _, v := range envfile.Parse(changes) {
		known := slices.ContainsFunc(envfile.Parse(defaults), func(d envfile.Variable) bool { return d.Name == v.Name })
		if !known {
			f.Data = append(f.Data, envfile.Set([]byte(v.Name+"=\n"), v.Name, v.Value)...)
		} else if err := f.change(v.Name, v.Value); err != nil {
			f.Data = envfile.Set(f.Data, v.Name, v.Value)
		}
	}
	return f.Data
}

// layers returns the files of options that an upgrade takes over from earlier packages.
func (in Input) layers(r Recipe, files contents) ([]Layer, error) {
	var out []Layer
	for _, f := range files.sorted() {
		if !isDefaults(f.Path) || r.Former[f.Path] == "" {
			continue
		}
		data, err := in.source(r.Former[f.Path], in.fields())
		if err != nil {
			return nil, fmt.Errorf("former: %s: %w", f.Path, err)
		}
		former := File{Data: data}
		for _, v := range envfile.Parse(data) {
			if value, ok := in.Settings.Options[r.Name][v.Name]; ok {
				if err := former.change(v.Name, value); err != nil {
					return nil, fmt.Errorf("former: %s: %w", f.Path, err)
				}
			}
		}
		out = append(out, Layer{in.Family.changesOf(f.Path), f.Path, toolOf(f.Path), string(former.Data)})
	}
	return out, nil
}

// layered finds files of options that an upgrade could not take over.
func layered(_ checked, p Package) []string {
	var faults []string
	for _, f := range p.Files {
		if !isDefaults(f.Path) && !p.changes(Debian(), f.Path) && !p.changes(Fedora(), f.Path) {
			continue
		}
		for _, v := range envfile.Parse(f.Data) {
			if !holdsFlags(v.Name) {
				continue
			}
			if _, err := flags(v.Value); err != nil {
				faults = append(faults, fmt.Sprintf("%s: %s: %v", f.Path, v.Name, err))
			}
		}
	}
	for _, l := range p.Layers {
		if _, ok := p.lookup(l.Tool); !ok {
			faults = append(faults, fmt.Sprintf("former: %s needs %s: %s", l.Defaults, l.Tool, optionsTool))
		}
	}
	return faults
}
