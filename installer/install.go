package installer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
)

// An Installer brings an image into a host. It can be killed at any time, and
// run again: a second run ends where the first would have.
type Installer struct {
	Image   fs.FS
	Root    *os.Root // of the host
	Facts   Facts
	Systemd Systemd
	Out     io.Writer // is told each change, a line each
	DryRun  bool      // only tell
	Replace bool      // another role that the host has
	hook    func(step string)
}

// Install installs what the image has for a role. Without one it is the role
// that is installed already, or the only one that the image has. A host that has
// another role keeps it, unless that is to be replaced.
func (in Installer) Install(ctx context.Context, role string) error {
	m, err := ReadManifest(in.Image)
	if err != nil {
		return err
	}
	if m.Arch != in.Facts.Arch {
		return fmt.Errorf("the image is for %s and the host is %s: pull the image for %[2]s", m.Arch, in.Facts.Arch)
	}
	p, err := in.plan(m.Name)
	if err != nil {
		return err
	}
	if role = cmp.Or(role, p.old.Role); role == "" && len(m.Units) == 1 {
		role = m.Roles()[0]
	}
	if _, ok := m.Units[role]; !ok {
		return fmt.Errorf("no role %q: the image has %s; choose one with -role", role, strings.Join(m.Roles(), ", "))
	}
	if had := p.old.Role; had != "" && had != role && !in.Replace {
		return fmt.Errorf("this host has the role %s of %s %s: to make it %s instead, and uninstall what only "+
			"%[1]s has, add -replace", had, p.old.Name, p.old.Version, role)
	}
	facts := in.Facts
	facts.Hostname = cmp.Or(p.hostname(), facts.Hostname)
	p.source = source{image: in.Image, facts: facts.values(m, role)}
	p.new = record{Name: m.Name, Version: m.Version, Role: role}
	if err := p.install(ctx, m, in.Systemd); err != nil {
		return err
	}
	if err := in.run(ctx, p); err != nil {
		return fmt.Errorf("%w\nrun it again to continue, or with -uninstall to undo it", err)
	}
	if in.DryRun {
		return nil
	}
	return in.tell("%s %s is installed as %s", m.Name, m.Version, role)
}

// plan begins a plan with what the host has under a name.
func (in Installer) plan(name string) (*plan, error) {
	h := &host{root: in.Root, hook: in.hook}
	if h.hook == nil {
		h.hook = func(string) {}
	}
	p := &plan{host: h, name: name, seen: map[string]string{}, changed: map[string]bool{}, leads: map[string][]string{}}
	lib, err := h.resolve(path.Dir(stateDir) + "/.")
	if err != nil {
		return nil, err
	}
	if have, err := h.state(lib); err != nil || have.Kind != folder {
		return nil, errors.Join(err, fmt.Errorf("%s has no folder /var/lib: mount the host's root there, as with -v /:/rootfs", in.Root.Name()))
	}
	if p.dir, err = h.resolve(stateDir + "/."); err != nil {
		return nil, err
	}
	if p.old, p.pending, err = p.record(); err != nil {
		return nil, err
	}
	p.others, err = p.folders()
	return p, err
}

// hostname returns what the operator named the host.
func (p *plan) hostname() string {
	name, err := p.resolve("/etc/hostname/.")
	if err != nil {
		return ""
	}
	data, _ := p.root.ReadFile(name) // a host may have none
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && string(line) != "localhost" {
			return string(line)
		}
	}
	return ""
}

// install plans all of an install: the journal, the files, the units, the record.
func (p *plan) install(ctx context.Context, m Manifest, run Systemd) error {
	wanted := m.Units[p.new.Role]
	s, err := p.systemd(ctx, run, len(wanted)+len(p.old.Units))
	if err != nil {
		return err
	}
	if err := s.check(m); err != nil {
		return err
	}
	dropped := slices.DeleteFunc(slices.Clone(p.old.Units), func(u unit) bool { return slices.Contains(wanted, u.Name) })
	p.new.Units = s.before(p.old, wanted)
	s.retire(dropped)
	p.sweep()
	if err := p.entries(m.role(p.new.Role)); err != nil {
		return err
	}
	for _, it := range slices.Backward(p.old.Items) {
		if _, ok := p.new.find(it.Path); !ok {
			if err := p.undo(it); err != nil {
				return err
			}
		}
	}
	restart := p.affected(p.new.Units)
	for _, name := range p.old.Restart {
		if slices.Contains(wanted, name) && !slices.Contains(restart, name) {
			restart = append(restart, name)
		}
	}
	s.declare()
	s.revive(dropped, len(p.steps) > 0 || p.pending)
	s.start(p.new.Units, restart)
	for i := range p.new.Units {
		p.new.Units[i].Ready = true
	}
	if len(p.steps) == 0 && !p.pending && reflect.DeepEqual(p.old, p.new) {
		return nil
	}
	journal := p.new.journal(p.old)
	journal.Restart = restart
	p.steps = slices.Insert(p.steps, 0, step{"journal " + JournalPath(p.name), func() error { return p.writeRecord(JournalPath(p.name), journal) }})
	p.step("record", RecordPath(p.name), func() error {
		if err := p.writeRecord(RecordPath(p.name), p.new); err != nil {
			return err
		}
		return p.remove(path.Join(p.dir, path.Base(JournalPath(p.name))))
	})
	return nil
}

// run tells the plan and, but for a dry run, does it.
func (in Installer) run(ctx context.Context, p *plan) error {
	for _, s := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := in.tell("%s", s.what); err != nil {
			return err
		}
		if in.DryRun {
			continue
		}
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(strings.Fields(s.what), " "), err)
		}
	}
	if len(p.steps) == 0 {
		p.note("there was nothing to do")
	} else if in.DryRun {
		p.note("this was a dry run: nothing was changed")
	}
	for _, n := range p.notes {
		if err := in.tell("%s", n); err != nil {
			return err
		}
	}
	return nil
}

func (in Installer) tell(format string, args ...any) error {
	_, err := fmt.Fprintf(in.Out, format+"\n", args...)
	return err
}

// Uninstall takes away what is installed and was not changed since, and puts
// back what stood there before. Of the image it needs the name alone.
func (in Installer) Uninstall(ctx context.Context) error {
	p, err := in.installed()
	if err != nil {
		return err
	}
	left, err := p.empty(p.dir) // by a run that was killed
	if err != nil {
		return err
	}
	if p.sweep(); len(p.steps) == 0 && p.old.Name == "" && !left {
		return in.tell("nothing is installed")
	}
	s, err := p.systemd(ctx, in.Systemd, len(p.old.Units))
	if err != nil {
		return err
	}
	s.retire(p.old.Units)
	for _, it := range slices.Backward(p.old.Items) {
		if err := p.undo(it); err != nil {
			return err
		}
	}
	s.revive(p.old.Units, true)
	for _, at := range []string{JournalPath(p.name), RecordPath(p.name)} {
		if name := path.Join(p.dir, path.Base(at)); p.exists(name) {
			p.step("remove", at, func() error { return p.remove(name) })
		}
	}
	p.step("remove", stateDir+"/ if it is empty", func() error { return p.removeEmpty(p.dir) })
	if boot := "/etc/systemd/system/" + UnitName(p.old.Role); p.old.Role != "" && p.exists(boot[1:]) {
		p.note("%s installs it again at the next boot, unless you disable or remove it", boot)
	}
	if err := in.run(ctx, p); err != nil {
		return fmt.Errorf("%w\nrun it again with -uninstall to continue", err)
	}
	return nil
}

// installed begins a plan with what the host has of what the image installs.
func (in Installer) installed() (*plan, error) {
	m, err := ReadManifest(in.Image)
	if err != nil {
		return nil, err
	}
	return in.plan(m.Name)
}

// Status tells what is installed, and what of it is not as it was.
func (in Installer) Status(ctx context.Context) error {
	p, err := in.installed()
	if err != nil {
		return err
	}
	if p.old.Name == "" {
		return errors.New("nothing is installed")
	}
	lines := []string{fmt.Sprintf("%s %s, %s", p.old.Name, p.old.Version, p.old.Role)}
	if p.pending {
		lines = append(lines, "its install came to no end: run it again")
	}
	good := 0
	for _, it := range p.old.Items {
		have, err := p.state(it.Path[1:])
		switch {
		case err != nil:
			return err
		case have.Kind == "":
			lines = append(lines, "missing "+it.Path)
		case !slices.Contains(it.Ours, have):
			lines = append(lines, "changed "+it.Path)
		default:
			good++
		}
	}
	lines = append(lines, fmt.Sprintf("%d of %d files, links and folders are as they were installed", good, len(p.old.Items)))
	s, err := p.systemd(ctx, in.Systemd, len(p.old.Units))
	if err != nil {
		return err
	}
	for _, u := range p.old.Units {
		active := "systemd does not run"
		if s.online {
			active = s.ask("is-active", u.Name)
		}
		lines = append(lines, fmt.Sprintf("%s: %s, %s", u.Name, s.ask("is-enabled", u.Name), active))
	}
	return in.tell("%s", strings.Join(lines, "\n"))
}
