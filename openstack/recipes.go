package openstack

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Recipes is openstack.yaml of a profile: the settings that a project knows.
type Recipes struct {
	// Settings are rows of keys, in the order they are written. Of those with a key, the
	// first whose range contains the version is used.
	Settings []Setting `yaml:"settings"`
}

// A Setting is one key of cloud-config, or some whose values are of one kind.
type Setting struct {
	Versions version.Range `yaml:"versions"`
	Section  string        `yaml:"section"` // Global
	Keys     []string      `yaml:"keys"`    // auth-url
	// Kind is what a value is: text, keystone, flag, number or duration. Empty: text.
	Kind  string   `yaml:"kind"`
	OneOf []string `yaml:"one_of"` // the values that there are; empty: any
	// Required is "always", or "section" if it is where the section is given.
	Required string `yaml:"required"`
	// Needs are keys of the section that have to be given beside this one, unless it is
	// false. "a | b" is either of two.
	Needs    []string `yaml:"needs"`
	Excludes []string `yaml:"excludes"` // keys of the section that must not be given beside this one
	// Env makes the key a secret: it is the variable that holds the value. The first
	// secret of a section that goes with one of the keys given is written.
	Env  string   `yaml:"env"`
	With []string `yaml:"with"` // of a secret: the keys that it goes with
}

// The values of Required.
const (
	always = "always"
	within = "section"
)

// kinds check the values of each kind.
var kinds = map[string]func(value string) error{
	"": text, "text": text, "keystone": keystone, "flag": flag, "number": number, "duration": duration,
}

// name is what the reader of cloud-config takes for a section or a key.
var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	if len(r.Settings) == 0 {
		faults = append(faults, config.Faultf("settings", "is empty: want at least one row"))
	}
	for i, row := range r.Settings {
		faults = append(faults, config.Below(fmt.Sprintf("settings[%d]", i), row.validate())...)
	}
	return faults
}

func (s Setting) validate() []config.Fault {
	var faults []config.Fault
	if err := s.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if !name.MatchString(s.Section) {
		faults = append(faults, config.Faultf("section", "want the name of a section, such as Global"))
	}
	if len(s.Keys) == 0 || slices.ContainsFunc(s.Keys, func(key string) bool { return !name.MatchString(key) }) {
		faults = append(faults, config.Faultf("keys", "want the names of keys, such as [auth-url]"))
	}
	if kinds[s.Kind] == nil {
		faults = append(faults, config.Faultf("kind", "unknown kind %q: want text, keystone, flag, number or duration",
			s.Kind))
	}
	if s.Required != "" && s.Required != always && s.Required != within {
		faults = append(faults, config.Faultf("required", "want %s, or %s", always, within))
	}
	if (s.Env == "") != (len(s.With) == 0) || s.Env != "" && len(s.Keys) > 1 {
		faults = append(faults, config.Faultf("env", "a secret is one key, with env and with"))
	}
	return faults
}

// at returns the rows for a version.
func (r Recipes) at(v version.Version) []Setting {
	return slices.DeleteFunc(slices.Clone(r.Settings), func(s Setting) bool { return !s.Versions.Contains(v) })
}

// sections returns the sections that a version knows, in the order they are written.
func (r Recipes) sections(v version.Version) []string {
	var out []string
	for _, row := range r.at(v) {
		if !slices.Contains(out, row.Section) {
			out = append(out, row.Section)
		}
	}
	return out
}

// find returns the row of a key.
func (r Recipes) find(section, key string, v version.Version) (Setting, bool) {
	rows := r.at(v)
	i := slices.IndexFunc(rows, func(s Setting) bool { return s.Section == section && slices.Contains(s.Keys, key) })
	if i < 0 {
		return Setting{}, false
	}
	return rows[i], true
}

// check returns an error unless a value is of the setting's kind.
func (s Setting) check(value string) error {
	if err := kinds[s.Kind](value); err != nil {
		return err
	}
	if len(s.OneOf) > 0 && !slices.Contains(s.OneOf, value) {
		return fmt.Errorf("has no value %q: want %s", value, strings.Join(s.OneOf, " or "))
	}
	return nil
}

func text(value string) error { return writable(value) }

// keystone takes the URL of an identity service that knows domains.
func keystone(value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return errors.New("want the URL of Keystone, such as https://keystone.example.org/v3")
	case u.User != nil:
		return errors.New("has a user or a password in it: remove them from the URL")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v2.0"):
		return errors.New("is Keystone's old interface, which knows no domains: want that of v3, " +
			"such as https://keystone.example.org/v3")
	}
	return writable(value)
}

func flag(value string) error {
	if value != "true" && value != "false" {
		return fmt.Errorf("is %q: want true or false", value)
	}
	return nil
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

func number(value string) error {
	if !digits.MatchString(value) {
		return fmt.Errorf("is %q: want a whole number", value)
	}
	return nil
}

func duration(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < 0 {
		return fmt.Errorf("is %q: want a time with its unit, such as 10s or 1m", value)
	}
	return nil
}
