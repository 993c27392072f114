package packaging

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestKnown has what is known of a package before its programs are compiled and
// before there is a tree.
func TestKnown(t *testing.T) {
	in := ship(t)
	in.Binaries, in.Docs, in.Tree = nil, nil, nil
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARGS": "--rum"}}
	in.Settings.Replace = map[string][]string{"cook": {"/usr/lib/systemd/system/cook.service"}}
	in.User = fstest.MapFS{
		"cook/etc/init.d/cook":                     {Data: []byte("#!/sbin/openrc-run\n")},
		"cook/usr/lib/systemd/system/cook.service": {Data: []byte("[Service]\n")},
	}
	recipes, err := in.Select([]string{"cook"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := in.Known(recipes[0])
	if err != nil {
		t.Fatal(err)
	}
	want := `/etc/default/cook config
/etc/init.d/cook config
/usr/bin/cook -> ../libexec/ship/cook
/usr/lib/systemd/system/cook.service
/usr/lib/sysusers.d/cook.conf
/usr/share/bash-completion/completions/cook
/usr/share/man/man8/cook.8.gz
/var/lib/cook/
`
	var paths []string
	for line := range strings.Lines(listed(p.Files)) {
		paths = append(paths, strings.TrimSuffix(strings.TrimSpace(line), " x"))
	}
	if got := strings.Join(paths, "\n") + "\n"; got != want {
		t.Errorf("the files are\n%s\nwant\n%s", got, want)
	}
	if f, _ := p.lookup("/etc/default/cook"); !strings.Contains(string(f.Data), `COOK_ARGS="--rum"`) {
		t.Errorf("the options are not those of fork.yaml:\n%s", f.Data)
	}
	if f, _ := p.lookup("/usr/lib/systemd/system/cook.service"); string(f.Data) != "[Service]\n" {
		t.Errorf("the unit is not the fork's:\n%s", f.Data)
	}
	if len(recipes[0].Files) != len(shipRecipes().Packages[1].Files) {
		t.Error("Known() changed the recipe")
	}
}
