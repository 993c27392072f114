package packaging

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The rules in this file are about what maintainer scripts are told. They run as
// root on every host, and some remove files.

// A unit's name, by systemd.unit(5). One that starts with a dash would be read as
// an option by the programs that scripts give it to.
var (
	unitName = regexp.MustCompile(`^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\-]*(@[A-Za-z0-9:_.\\@-]*)?\.` + unitType + `$`)
	dropIns  = regexp.MustCompile(`^` + unitType + `\.d$`) // for all units of a type
)

const (
	unitType     = `(service|socket|target|device|mount|automount|swap|timer|path|slice|scope)`
	unitNameSize = 255
)

func validUnit(name string) bool { return len(name) <= unitNameSize && unitName.MatchString(name) }

// unitDirs end the names of folders beside a unit.
var unitDirs = []string{".d", ".wants", ".requires", ".upholds"}

func unitNames(_ checked, p Package) []string {
	var faults []string
	for _, name := range p.under(unitDir) {
		first, _, below := strings.Cut(name, "/")
		if !validUnit(first) && !validUnitDir(first) || below && validUnit(first) {
			faults = append(faults, fmt.Sprintf("%s%s: %q is not a unit's name", unitDir, name, first))
		}
	}
	for _, unit := range p.Restart {
		if !validUnit(unit) {
			faults = append(faults, fmt.Sprintf("an upgrade would restart %q, which is not a unit's name", unit))
		}
	}
	for _, dir := range []string{sysusersDir, tmpfilesDir} {
		for _, name := range p.under(dir) {
			if strings.HasPrefix(name, "-") {
				faults = append(faults, dir+name+": a name that starts with a dash would be read as an option")
			}
			if strings.Contains(name, "/") || !strings.HasSuffix(name, ".conf") {
				faults = append(faults, fmt.Sprintf("%s%s: systemd only reads files right in %[1]s whose names end with .conf",
					dir, name))
			}
		}
	}
	return faults
}

func validUnitDir(name string) bool {
	for _, suffix := range unitDirs {
		unit, ok := strings.CutSuffix(name, suffix)
		if strings.HasPrefix(unit, "-") { // no script names a folder, so that one such as -.slice.d is no option
			unit = "x" + unit
		}
		if ok && validUnit(unit) {
			return true
		}
	}
	return dropIns.MatchString(name)
}

// programState matches the folders that can belong to one program: what is
// directly below /var, and the folders that collect those of many programs, do not.
// Some programs keep plugins below their folder of /usr/libexec.
var programState = regexp.MustCompile(
	`^/(?:var/(?:cache|games|lib|log|opt|spool)/(?:private/)?([^/]+)(?:/|$)|usr/libexec/[^/]+/[^/]+)`)

// systemState are the folders of that form that belong to the system: to package
// managers, systemd, accounts, mail and the like.
var systemState = []string{
	"alternatives", "anacron", "apt", "aptitude", "at", "audit", "authselect", "cron", "dbus", "debconf", "dnf",
	"dpkg", "fontconfig", "installer", "journal", "ldconfig", "libdnf5", "locate", "logrotate", "lost+found", "mail",
	"man", "misc", "os-prober", "pam", "plocate", "portage", "private", "rpm", "selinux", "shells.state", "sudo",
	"systemd", "ucf", "yum",
}

func state(_ checked, p Package) []string {
	var faults []string
	for _, dir := range p.State {
		m := programState.FindStringSubmatch(dir)
		switch {
		case !clean(dir):
			faults = append(faults, fmt.Sprintf("state %q is not a path from the root", dir))
		case m == nil:
			faults = append(faults,
				fmt.Sprintf("state %s: a purge removes all of it: want a folder such as /var/lib/%s", dir, p.Name))
		case slices.Contains(systemState, m[1]):
			faults = append(faults, fmt.Sprintf("state %s: a purge removes all of it, and it belongs to the system", dir))
		}
	}
	return faults
}

func retired(_ checked, p Package) []string {
	var faults []string
	for _, at := range p.Retired {
		if !clean(at) || !strings.HasPrefix(at, "/etc/") {
			faults = append(faults, fmt.Sprintf("retired %q is not a path below /etc", at))
		} else if strings.ContainsAny(at, `'*[\`) {
			faults = append(faults, fmt.Sprintf("retired %q has a character that dpkg-maintscript-helper reads as "+
				"a part of a pattern, one of ' * [ \\", at))
		}
	}
	return faults
}
