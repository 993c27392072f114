package ebuilds

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/internal/unitfile"
)

// A ulimit is a limit of systemd, the option of ulimit that sets it, and whether it
// is counted. The others are of units that differ from shell to shell, so an init
// script can only say all or nothing.
type ulimit struct {
	key, option string
	counted     bool
}

var ulimits = []ulimit{
	{"LimitNOFILE", "-n", true}, {"LimitNPROC", "-u", true}, {"LimitCORE", "-c", false}, {"LimitMEMLOCK", "-l", false},
}

// limits writes the limit that OpenRC sets by itself: that of open files.
func (s *service) limits(b *strings.Builder) {
	if of := s.last("LimitNOFILE"); of.Key != "" && !strings.Contains(of.Value, ":") {
		fmt.Fprintf(b, "rc_ulimit=\"-n %s\"\n", s.limit(of, of.Value, true))
	}
}

// capabilities writes the rights of root that the program keeps as another user. OpenRC reads them as cap_iab(3) has
// them: a ^ is before those that are ambient.
func (s *service) capabilities(b *strings.Builder) {
	var out []string
	for _, of := range s.unit.All("Service", "AmbientCapabilities") {
		for _, name := range strings.Fields(of.Value) {
			if !capability.MatchString(name) {
				s.fail(of, "OpenRC has no counterpart of %s: want names such as CAP_NET_BIND_SERVICE", name)
			}
			out = append(out, "^"+strings.ToLower(name))
		}
	}
	if len(out) > 0 {
		fmt.Fprintf(b, "capabilities=%q\n", strings.Join(out, ","))
	}
}

var capability = regexp.MustCompile(`^CAP_[A-Z0-9_]+$`)

// moreLimits returns the commands that set the other limits.
func (s *service) moreLimits() []string {
	var out []string
	for _, of := range s.unit {
		known := func(u ulimit) bool { return u.key == of.Key }
		if of.Section == "Service" && strings.HasPrefix(of.Key, "Limit") && !slices.ContainsFunc(ulimits, known) {
			s.fail(of, "OpenRC has no counterpart")
		}
	}
	for _, u := range ulimits {
		of := s.last(u.key)
		soft, hard, both := strings.Cut(of.Value, ":")
		switch {
		case of.Key == "" || u.key == "LimitNOFILE" && !both && s.runs != oneshot:
		case both:
			out = append(out, u.command("-S ", s.limit(of, soft, u.counted)), u.command("-H ", s.limit(of, hard, u.counted)))
		default:
			out = append(out, u.command("", s.limit(of, soft, u.counted)))
		}
	}
	return out
}

// command returns the command that sets a limit.
func (u ulimit) command(which, to string) string {
	set := "ulimit " + which + u.option + " " + to
	if u.option == "-u" { // dash has another name for it
		set += " 2>/dev/null || ulimit " + which + "-p " + to
	}
	return set + " || return 1"
}

// limit returns a limit as ulimit reads it.
func (s *service) limit(of unitfile.Setting, value string, counted bool) string {
	switch {
	case value == "infinity":
		return "unlimited"
	case !counted && value != "0":
		s.fail(of, "%q has no counterpart in all shells: want 0, or infinity", of.Value)
	case !number.MatchString(value):
		s.fail(of, "%q is not a limit: want a number, or infinity", of.Value)
	}
	return value
}

var number = regexp.MustCompile(`^[0-9]+$`)

// folderKinds are the kinds of folders that systemd makes for a service.
var folderKinds = []struct{ key, parent, variable string }{
	{"RuntimeDirectory", "/run", "RUNTIME_DIRECTORY"},
	{"StateDirectory", "/var/lib", "STATE_DIRECTORY"},
	{"CacheDirectory", "/var/cache", "CACHE_DIRECTORY"},
	{"LogsDirectory", "/var/log", "LOGS_DIRECTORY"},
	{"ConfigurationDirectory", "/etc", "CONFIGURATION_DIRECTORY"},
}

// exports writes the variables by which a program knows its folders.
func (s *service) exports(b *strings.Builder) {
	for _, kind := range folderKinds {
		var all []string
		for _, dir := range s.words("Service", kind.key) {
			all = append(all, kind.parent+"/"+dir)
		}
		if len(all) > 0 {
			fmt.Fprintf(b, "export %s=%s\n", kind.variable, inQuotes(strings.Join(all, ":")))
		}
	}
}

// folders returns the commands that make the unit's folders.
func (s *service) folders() []string {
	var out []string
	for _, kind := range folderKinds {
		mode := s.last(kind.key + "Mode")
		if mode.Key != "" && !octal.MatchString(mode.Value) {
			s.fail(mode, "%q is not a mode: want octal digits", mode.Value)
		}
		owner := s.owner()
		if kind.parent == "/etc" {
			owner = "root:root"
		}
		for _, dir := range s.words("Service", kind.key) {
			if path.Clean(dir) != dir || path.IsAbs(dir) || strings.HasPrefix(dir, "..") || strings.Contains(dir, ":") {
				s.fail(s.last(kind.key), "%q is not a folder below %s", dir, kind.parent)
			}
			for i, c := range dir {
				if c == '/' { // of others, if it is there
					above := kind.parent + "/" + dir[:i]
					out = append(out, fmt.Sprintf("[ -d %s ] || %s", inQuotes(above), checkpath("0755", "root:root", above)))
				}
			}
			out = append(out, checkpath(cmp.Or(mode.Value, "0755"), owner, kind.parent+"/"+dir))
		}
	}
	return out
}

// checkpath returns the command that makes a folder.
func checkpath(mode, owner, dir string) string {
	return fmt.Sprintf("checkpath -d -m %s -o %s %s", mode, shell.Quote(owner), inQuotes(dir))
}
