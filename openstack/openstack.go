// Package openstack writes the configuration of Kubernetes' cloud provider for
// OpenStack, which its documents call cloud-config.
//
// Which settings a version of a project knows is data: [Recipes], a file of its
// profile. Their values are a section of fork.yaml, [Settings]; secrets are only ever
// taken from the environment.
package openstack

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Settings is the section openstack of fork.yaml: the values of a cloud-config, by
// section and key, as Global and auth-url.
type Settings map[string]map[string]string

// assignment is what a value of Set begins with.
var assignment = regexp.MustCompile(`(?:^|,)([A-Za-z]+)\.([a-z0-9-]+)=`)

// Set returns the settings with others added or in their place, which are written as
// SECTION.KEY=VALUE with commas between them. A value may have commas itself.
func (s Settings) Set(list string) (Settings, error) {
	out := Settings{}
	for section, values := range s {
		out[section] = maps.Clone(values)
	}
	starts := assignment.FindAllStringSubmatchIndex(list, -1)
	if list != "" && (len(starts) == 0 || starts[0][2] != 0) {
		return nil, fmt.Errorf("%q: want SECTION.KEY=VALUE, with commas between them, such as Global.region=RegionOne", list)
	}
	for i, at := range starts {
		end := len(list)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		section, key := list[at[2]:at[3]], list[at[4]:at[5]]
		if out[section] == nil {
			out[section] = map[string]string{}
		}
		out[section][key] = list[at[1]:end]
	}
	return out, nil
}

// Check returns what is wrong with settings for a version, all at once. What is missing
// is not wrong yet: it can be added when they are rendered. Fields are relative to the
// section openstack.
func (r Recipes) Check(s Settings, v version.Version) []config.Fault {
	var faults []config.Fault
	for _, section := range slices.Sorted(maps.Keys(s)) {
		if known := r.sections(v); !slices.Contains(known, section) {
			faults = append(faults, config.Faultf(section, "unknown section; for %s there are: %s", v,
				strings.Join(known, ", ")))
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(s[section])) {
			if message := r.fault(s[section], section, key, v); message != "" {
				faults = append(faults, config.Faultf(section+"."+key, "%s", message))
			}
		}
	}
	return faults
}

// fault returns what is wrong with a key of a section, "" for nothing.
func (r Recipes) fault(values map[string]string, section, key string, v version.Version) string {
	row, ok := r.find(section, key, v)
	switch value := values[key]; {
	case !ok:
		return r.unknown(section, key, v)
	case row.Env != "":
		return fmt.Sprintf("a secret is only taken from the environment: remove it, and set %s where the file is rendered",
			row.Env)
	case value == "":
		return "is empty: remove it, or write its value"
	default:
		if err := row.check(value); err != nil {
			return err.Error()
		}
	}
	for _, other := range row.Excludes {
		if _, both := values[other]; both {
			return fmt.Sprintf("%s is given, too: write only one of them", other)
		}
	}
	return ""
}

// unknown says of a key that the version does not know what it, or another, does.
func (r Recipes) unknown(section, key string, v version.Version) string {
	var known []string
	for _, row := range r.Settings {
		switch {
		case row.Section != section:
		case row.Versions.Contains(v) && row.Env == "":
			known = append(known, row.Keys...)
		case slices.Contains(row.Keys, key):
			return fmt.Sprintf("%s does not know this key, only %s does", v, row.Versions)
		}
	}
	return fmt.Sprintf("unknown key; %s knows: %s", v, strings.Join(known, ", "))
}

// missing returns what has to be added to settings.
func (r Recipes) missing(s Settings, v version.Version) []config.Fault {
	var faults []config.Fault
	for _, row := range r.at(v) {
		for _, key := range row.Keys {
			value, given := s[row.Section][key]
			field := row.Section + "." + key
			if row.Required == always && !given || row.Required == within && !given && s[row.Section] != nil {
				faults = append(faults, config.Faultf(field, "is missing"))
			}
			for _, need := range row.Needs {
				if given && value != "false" && !hasOne(s[row.Section], need) {
					faults = append(faults, config.Faultf(field, "goes with %s, which is missing",
						strings.ReplaceAll(need, " | ", " or ")))
				}
			}
		}
	}
	return faults
}

// hasOne reports whether one of the keys of a need is given.
func hasOne(values map[string]string, need string) bool {
	return slices.ContainsFunc(strings.Split(need, " | "), func(key string) bool { _, ok := values[key]; return ok })
}

// Render returns the cloud-config of settings for a version. env is where secrets are
// looked up: KEY=VALUE pairs, as the clients of OpenStack name them.
func (r Recipes) Render(s Settings, v version.Version, env []string) ([]byte, error) {
	faults := append(r.Check(s, v), r.missing(s, v)...)
	secrets, more := r.secrets(s, v, env)
	if faults = append(faults, more...); len(faults) > 0 {
		errs := make([]error, len(faults))
		for i, f := range faults {
			errs[i] = fmt.Errorf("openstack.%s: %s", f.Field, f.Message)
		}
		return nil, errors.Join(errs...)
	}
	var b strings.Builder
	for _, section := range r.sections(v) {
		if s[section] == nil {
			continue
		}
		fmt.Fprintf(&b, "[%s]\n", section)
		for _, row := range r.at(v) {
			for _, key := range row.Keys {
				if value, ok := s[section][key]; ok && row.Section == section {
					fmt.Fprintf(&b, "%s = %s\n", key, quote(value))
				} else if value, ok := secrets[section+"."+key]; ok && row.Section == section {
					fmt.Fprintf(&b, "%s = %s\n", key, quote(value))
				}
			}
		}
	}
	return []byte(b.String()), nil
}

// secrets returns the secrets that settings need, by section and key: the first of each
// section that goes with one of its keys.
func (r Recipes) secrets(s Settings, v version.Version, env []string) (map[string]string, []config.Fault) {
	variables := map[string]string{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	out, done := map[string]string{}, map[string]bool{}
	var faults []config.Fault
	for _, row := range r.at(v) {
		if row.Env == "" || done[row.Section] || !hasOne(s[row.Section], strings.Join(row.With, " | ")) {
			continue
		}
		done[row.Section] = true
		field, value := row.Section+"."+row.Keys[0], variables[row.Env]
		if value == "" {
			faults = append(faults, config.Faultf(field, "the variable %s is not set: it holds the secret", row.Env))
		} else if writable(value) != nil {
			faults = append(faults, config.Faultf(field, "the variable %s has a character that no cloud-config can hold",
				row.Env))
		}
		out[field] = value
	}
	return out, faults
}

// writable returns an error for a value that cannot be written: what reads the file
// drops carriage returns, and takes text in UTF-8 alone.
func writable(value string) error {
	if !utf8.ValidString(value) || strings.ContainsAny(value, "\r\x00\uFEFF") {
		return errors.New("has a carriage return, a zero byte, a byte order mark, or what is no UTF-8: " +
			"no cloud-config can hold that")
	}
	return nil
}

// quote returns a value as cloud-config is read, by gopkg.in/gcfg.v1: in quotes, a
// semicolon or a hash begins no comment, and space at the ends is kept.
func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(value) + `"`
}
