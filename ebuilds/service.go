package ebuilds

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/internal/unitfile"
)

// A service is one whose unit becomes an init script.
type service struct {
	name       string // without .service
	unit       unitfile.Unit
	runs       runs
	specifiers map[byte]string
	errs       []error // what cannot be translated
}

// A runs is how OpenRC runs a service.
type runs int

const (
	supervised runs = iota // by supervise-daemon, which starts it again
	background             // by start-stop-daemon, once
	forking                // by start-stop-daemon; the program leaves the foreground by itself
	oneshot                // by functions of the script
)

func newService(name string, unit unitfile.Unit) *service {
	s := &service{name: name, unit: unit}
	prefix, instance, _ := strings.Cut(name, "@")
	s.specifiers = map[byte]string{
		'n': name + ".service", 'N': name, 'p': prefix, 'i': instance,
		't': "/run", 'S': "/var/lib", 'C': "/var/cache", 'L': "/var/log", 'E': "/etc", 'T': "/tmp", 'V': "/var/tmp",
		'u': "root", 'U': "0", 'g': "root", 'G': "0", 'h': "/root", 's': "/bin/sh",
	}
	s.refuse()
	s.runs = s.kind()
	return s
}

// file returns the path of the unit.
func (s *service) file() string { return unitDir + "/" + s.name + ".service" }

// fail notes what is wrong with a setting.
func (s *service) fail(of unitfile.Setting, format string, args ...any) {
	s.note(of.Errorf(format, args...))
}

// note notes an error, once.
func (s *service) note(err error) {
	same := func(e error) bool { return e.Error() == err.Error() }
	if err != nil && !slices.ContainsFunc(s.errs, same) {
		s.errs = append(s.errs, err)
	}
}

// untranslated are the settings without which a program would not run, or would
// run when it should not. Those that are not here and that no other code asks for,
// such as the ones that only take rights from a program, are left out of scripts.
var untranslated = map[string][]string{
	"Service": {
		"BindPaths", "BindReadOnlyPaths", "DynamicUser", "ExecCondition", "ExtensionImages", "ImportCredential",
		"LoadCredential", "LoadCredentialEncrypted", "MountImages", "NetworkNamespacePath", "OpenFile", "PAMName",
		"PassEnvironment", "RootDirectory", "RootImage", "RuntimeMaxSec", "SetCredential", "SetCredentialEncrypted",
		"Sockets", "StandardInput", "StandardInputData", "StandardInputText", "SupplementaryGroups", "TemporaryFileSystem",
		"TTYPath", "UnsetEnvironment",
	},
}

// conditions are those that a script can test: what must exist.
var conditions = []string{
	"AssertPathExists", "ConditionPathExists", "AssertFileNotEmpty", "ConditionFileNotEmpty", "AssertFileIsExecutable",
	"ConditionFileIsExecutable",
}

// refuse notes settings that an init script cannot have.
func (s *service) refuse() {
	off := []string{"no", "false", "off", "0", "n", "f", "null"}
	for section, keys := range untranslated {
		for _, key := range keys {
			if of := s.unit.Last(section, key); of.Key != "" && !slices.Contains(off, strings.ToLower(of.Value)) {
				s.fail(of, "OpenRC has no counterpart")
			}
		}
	}
	for _, of := range s.unit {
		condition := strings.HasPrefix(of.Key, "Condition") || strings.HasPrefix(of.Key, "Assert")
		if of.Section == "Unit" && condition && of.Value != "" && !slices.Contains(conditions, of.Key) {
			s.fail(of, "OpenRC has no counterpart")
		}
	}
}

// last returns the last setting of a key of the section Service.
func (s *service) last(key string) unitfile.Setting { return s.unit.Last("Service", key) }

// value returns a setting's value, with its specifiers replaced.
func (s *service) value(of unitfile.Setting) string { return s.text(of, of.Value) }

// text returns a word of a setting, with its specifiers replaced.
func (s *service) text(of unitfile.Setting, word string) string {
	text, err := of.Text(word, s.specifiers)
	s.note(err)
	if err != nil {
		return word // so that what is left of it is no second error
	}
	return text
}

// words returns the words of all settings of a key, with their specifiers replaced.
func (s *service) words(section, key string) []string {
	var out []string
	for _, of := range s.unit.All(section, key) {
		words, err := of.Words()
		s.note(err)
		for _, w := range words {
			out = append(out, s.text(of, w))
		}
	}
	return out
}

// absolute returns the path that a setting names.
func (s *service) absolute(of unitfile.Setting, at string) string {
	switch {
	case of.Key == "" || strings.HasPrefix(at, "/"):
	case at != "" && strings.Contains("!|-~", at[:1]): // to systemd it is a path
		s.fail(of, "OpenRC has no counterpart of %s", at)
	default:
		s.fail(of, "%q is not an absolute path", at)
	}
	return at
}

// kind returns how the service runs, and notes what contradicts that.
func (s *service) kind() runs {
	start := s.unit.All("Service", "ExecStart")
	of := s.last("Type")
	typ := of.Value
	if typ == "" && len(start) == 0 {
		typ = "oneshot"
	}
	switch cmp.Or(typ, "simple") {
	case "oneshot":
		s.checkOneshot(start)
		return oneshot
	case "forking":
		if s.last("PIDFile").Key == "" {
			s.fail(of, "forking needs a PIDFile=, which OpenRC stops the program by")
		}
		s.checkRestart("no")
		return forking
	case "simple", "exec", "notify", "notify-reload", "dbus", "idle":
	default:
		s.fail(of, "%q is not a type of service", of.Value)
	}
	if len(start) == 0 {
		s.errs = append(s.errs, errors.New(s.file()+": the unit has no command: want ExecStart="))
	}
	restart := s.last("Restart")
	if restart.Value == "" || restart.Value == "no" {
		return background
	}
	s.checkRestart("always", "on-failure", "on-abnormal", "on-abort", "on-watchdog")
	return supervised
}

// checkRestart notes a Restart= that is set and none of some values.
func (s *service) checkRestart(allowed ...string) {
	if restart := s.last("Restart"); restart.Key != "" && !slices.Contains(allowed, restart.Value) {
		s.fail(restart, "OpenRC has no counterpart of %s for such a service", restart.Value)
	}
}

// checkOneshot notes what is wrong with a service that runs commands to their end.
func (s *service) checkOneshot(start []unitfile.Setting) {
	stop := s.last("ExecStop")
	stays := s.last("RemainAfterExit").Bool()
	s.checkRestart("no")
	if of := s.last("AmbientCapabilities"); of.Value != "" {
		s.fail(of, "OpenRC has no counterpart for Type=oneshot")
	}
	switch {
	case len(start) == 0 && stop.Key == "":
		s.errs = append(s.errs, errors.New(s.file()+": the unit has no command: want ExecStart="))
	case stop.Key != "" && !stays:
		s.fail(stop, "a oneshot service is stopped as soon as it has started: set RemainAfterExit=yes")
	}
}

var ids = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$`)

// user returns the user and group that the service runs as, "" for root.
func (s *service) user() (user, group string) {
	ofUser, ofGroup := s.last("User"), s.last("Group")
	user = s.value(ofUser)
	group = cmp.Or(s.value(ofGroup), user)
	for _, of := range []unitfile.Setting{ofUser, ofGroup} {
		switch id := s.value(of); {
		case of.Key == "":
		case number.MatchString(id): // checkpath and su know names only
			s.fail(of, "OpenRC has no counterpart of a number: want the name of %s", id)
		case !ids.MatchString(id):
			s.fail(of, "%q is not a name", of.Value)
		}
	}
	if user == "root" && group == "root" {
		return "", ""
	}
	return user, group
}

// owner returns who owns the service's folders.
func (s *service) owner() string {
	user, group := s.user()
	return cmp.Or(user, "root") + ":" + cmp.Or(group, "root")
}

// units are how systemd writes a span of time, in milliseconds.
var units = map[string]int{
	"ms": 1, "msec": 1, "": 1000, "s": 1000, "sec": 1000, "second": 1000, "seconds": 1000,
	"m": 60_000, "min": 60_000, "minute": 60_000, "minutes": 60_000, "h": 3600_000, "hr": 3600_000, "hour": 3600_000,
	"hours": 3600_000,
}

var span = regexp.MustCompile(`^\s*([0-9]+)\s*([a-z]*)`)

// seconds returns a setting's span of time, rounded up; without one, what is given.
func (s *service) seconds(of unitfile.Setting, otherwise int) int {
	if of.Key == "" {
		return otherwise
	}
	total, rest := 0, of.Value
	for rest != "" {
		m := span.FindStringSubmatch(rest)
		if m == nil || units[m[2]] == 0 {
			s.fail(of, "%q is not a span of time that OpenRC can wait for: want seconds", of.Value)
			return otherwise
		}
		n, err := strconv.Atoi(m[1])
		s.note(err)
		total += n * units[m[2]]
		rest = strings.TrimSpace(rest[len(m[0]):])
	}
	return (total + 999) / 1000
}
