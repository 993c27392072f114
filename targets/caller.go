package targets

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway/internal/hint"
	"github.com/slipway-build/slipway/platform"
)

// What the program tells a compiled magefile that starts it: slipway, or mage as Slipway
// has it. Plain Mage tells nothing.
const (
	commandVariable = "MAGEFILE_SLIPWAY_COMMAND" // the words that a person called it with
	valuesVariable  = "MAGEFILE_SLIPWAY_VALUES"  // asks for names, and for nothing to be done
)

// spoken returns a message whose commands are written as the person calls them.
func spoken(text string) string {
	return hint.As(text, cmp.Or(os.Getenv(commandVariable), "mage"), slices.Collect(maps.Keys(changes())))
}

// A spokenError is printed by Mage, which asks it for the exit status.
type spokenError struct{ error }

// asCalled returns an error whose text names commands as the person calls them.
func asCalled(err error) error {
	if err == nil {
		return nil
	}
	return spokenError{err}
}

func (e spokenError) Error() string   { return spoken(e.error.Error()) }
func (e spokenError) Unwrap() error   { return e.error }
func (e spokenError) ExitStatus() int { return mg.ExitStatus(e.error) }

// printValues prints what flags can be, by their names, as JSON: for completion. A fork
// that cannot be read has no names.
func printValues() error {
	p, err := project(nil)
	if err != nil {
		return err
	}
	values := map[string][]string{}
	if values["fork"], err = p.Forks(); err != nil {
		return err
	}
	names, _ := p.Names(os.Getenv("FORK"))
	values["components"], values["packages"], values["images"] = names.Components, names.Packages, names.Images
	values["platforms"], values["arch"] = platformsOf(names.Platforms)
	return json.NewEncoder(os.Stdout).Encode(values)
}

// platformsOf returns what -platforms and -arch can be: a fork's platforms, then all that
// Slipway knows.
func platformsOf(ofFork []string) (platforms, arch []string) {
	all := slices.Clone(ofFork)
	for _, p := range platform.Known() {
		if name := p.String(); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	for _, name := range all {
		if one, ok := strings.CutPrefix(name, "linux/"); ok {
			arch = append(arch, one)
		}
	}
	return append([]string{"all"}, all...), arch
}
