package installer

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
)

// Systemd runs a program of the host, as its systemctl, and returns what it
// printed. Offline it is not to ask the running systemd, but to work on files
// alone.
type Systemd func(ctx context.Context, offline bool, program string, args ...string) (string, error)

// A systemd plans what is to become of units.
type systemd struct {
	*plan
	online bool // it runs, and units can be started
	tool   func(program string, args ...string) (string, error)
}

// systemd finds out whether systemd runs and, if there are units to ask for,
// whether it answers: before anything is changed, and because later a failing
// systemctl may only mean that a unit is disabled, or not there.
func (p *plan) systemd(ctx context.Context, run Systemd, units int) (systemd, error) {
	at, err := p.resolve("/run/systemd/system/.")
	if err != nil {
		return systemd{}, err
	}
	have, err := p.state(at)
	s := systemd{plan: p, online: have.Kind == folder}
	s.tool = func(program string, args ...string) (string, error) { return run(ctx, !s.online, program, args...) }
	if err != nil || units == 0 {
		return s, err
	}
	probe := []string{"show", "--property=Version"}
	if !s.online {
		probe = []string{"--version"}
	}
	_, err = s.run(probe...)
	return s, err
}

func (s systemd) run(args ...string) (string, error) { return s.tool("systemctl", args...) }

// check has the host's shell run what looks at a host for the role. What that says
// is a note or, if it fails, the error.
func (s systemd) check(m Manifest) error {
	for _, e := range m.role(s.new.Role) {
		if e.Path != m.Checks[s.new.Role] {
			continue
		}
		var script bytes.Buffer
		if err := s.source.content(e, nil)(&script); err != nil {
			return err
		}
		out, err := s.tool("sh", "-c", "exec 2>&1\n"+script.String(), e.Path, "--check")
		if said := strings.TrimSpace(out); err != nil && said != "" {
			return errors.New(said)
		} else if said != "" {
			s.note("%s", said)
		}
		return err
	}
	return nil
}

// declare plans that systemd makes the users and the folders that files tell of,
// before units need them. What a run that was killed did of it is not known, and
// it is done again. Users stay when the files go, for they may own others.
func (s systemd) declare() {
	for _, d := range []struct {
		dir, program, arg string
		boot              bool // a boot does it, too, and needs what a host that does not run lacks
	}{{"sysusers.d", "systemd-sysusers", "", false}, {"tmpfiles.d", "systemd-tmpfiles", "--create", true}} {
		var files []string
		for name := range s.seen {
			if path.Base(path.Dir(name)) == d.dir && (s.changed["/"+name] || s.pending) {
				files = append(files, "/"+name)
			}
		}
		if len(files) == 0 || d.boot && !s.online {
			continue
		}
		slices.Sort(files)
		if d.arg != "" {
			files = slices.Insert(files, 0, d.arg)
		}
		s.step(d.program, " "+strings.Join(files, " "), func() error {
			s.hook(d.program)
			_, err := s.tool(d.program, files...)
			return err
		})
	}
}

// ask returns systemctl's answer of one word, and none for a unit that is not
// there.
func (s systemd) ask(what, unit string) string {
	out, _ := s.run(what, unit)
	return strings.TrimSpace(out)
}

// do plans a call of systemctl for units, if there are any.
func (s systemd) do(verb string, units ...string) {
	if len(units) == 0 {
		return
	}
	s.step("systemctl", " "+verb+" "+strings.Join(units, " "), func() error {
		s.hook("systemctl " + verb)
		_, err := s.run(append([]string{verb}, units...)...)
		return err
	})
}

// before returns the units with what they were before any install.
func (s systemd) before(old record, names []string) []unit {
	var out []unit
	for _, name := range names {
		u, known := old.unit(name)
		if !known {
			u = unit{Name: name, Enabled: strings.HasPrefix(s.ask("is-enabled", name), "enabled"), Active: s.online && s.ask("is-active", name) == "active"}
		}
		out = append(out, u)
	}
	return out
}

// retire plans that units stop and are disabled, but for those that were
// enabled before. Units that are gone, as after a run that was killed, are left
// out.
func (s systemd) retire(units []unit) {
	var stop, disable []string
	for _, u := range units {
		if is := s.ask("is-enabled", u.Name); is == "" || is == "not-found" {
			continue
		}
		stop = append(stop, u.Name)
		if !u.Enabled {
			disable = append(disable, u.Name)
		}
	}
	if s.online {
		s.do("stop", stop...)
	}
	s.do("disable", disable...)
}

// revive plans that systemd sees what changed, and that units that ran before
// they were replaced run again.
func (s systemd) revive(units []unit, changed bool) {
	if !s.online || !changed {
		return
	}
	s.step("systemctl", " daemon-reload", func() error {
		s.hook("systemctl daemon-reload")
		_, err := s.run("daemon-reload")
		return err
	})
	var start []string
	for _, u := range units {
		if u.Active {
			start = append(start, u.Name)
		}
	}
	s.do("start", start...)
}

// start plans that new units are enabled and run, and that those among the old
// that run and are in restart are started anew: a unit that the operator
// stopped or disabled stays so.
func (s systemd) start(units []unit, restart []string) {
	var enable, start, again, running []string
	affected := map[string]bool{}
	for _, name := range restart {
		affected[name] = true
	}
	for _, u := range units {
		switch {
		case !u.Ready:
			enable = append(enable, u.Name)
			if u.Active {
				again = append(again, u.Name)
			} else {
				start = append(start, u.Name)
			}
		case affected[u.Name]:
			running = append(running, u.Name)
		}
	}
	s.do("enable", enable...)
	if !s.online {
		if len(enable) > 0 {
			s.note("systemd does not run on this host: nothing was started, the units will be at its next boot")
		}
		return
	}
	s.do("restart", again...)
	s.do("start", start...)
	s.do("try-restart", running...)
}
