package images

import (
	"debug/elf"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// entriesOf returns entries, each as PATH, DIR/, DIR/:MODE or LINK->TARGET.
func entriesOf(list ...string) []Entry {
	var out []Entry
	for _, text := range list {
		var e Entry
		e.Path, e.Target, _ = strings.Cut(text, "->")
		if dir, mode, ok := strings.Cut(e.Path, "/:"); ok {
			e.Path, e.Folder = dir, true
			fmt.Sscanf(mode, "%o", &e.Mode)
		} else if dir, ok := strings.CutSuffix(e.Path, "/"); ok {
			e.Path, e.Folder = dir, true
		}
		out = append(out, e)
	}
	return out
}

// filesOf returns files in the same form.
func filesOf(list ...string) []File {
	var out []File
	for _, e := range entriesOf(list...) {
		out = append(out, File{Path: e.Path, Target: e.Target, Folder: e.Folder, Mode: e.Mode})
	}
	return out
}

// textsOf is the reverse.
func textsOf(files []File) []string {
	var out []string
	for _, f := range files {
		switch {
		case f.Folder && f.Mode != 0:
			out = append(out, fmt.Sprintf("%s/:%o", f.Path, f.Mode))
		case f.Folder:
			out = append(out, f.Path+"/")
		case f.Target != "":
			out = append(out, f.Path+"->"+f.Target)
		default:
			out = append(out, f.Path)
		}
	}
	return out
}

func TestSettle(t *testing.T) {
	stack := NewStack(entriesOf("/usr/bin/", "/bin->usr/bin", "/lib->/usr/lib", "/var/run->/run", "/loop->loop"))
	for from, want := range map[string]string{
		"/bin/sh": "/usr/bin/sh", "/usr/bin/sh": "/usr/bin/sh", "/lib/x/y": "/usr/lib/x/y", "/opt/x": "/opt/x",
		"/var/run/ship/": "/run/ship/", "/var/run/": "/run/", "/bin->x": "/bin->x", "/bin/a->../b": "/usr/bin/a->../b",
		"/loop/x": "/loop/x",
	} {
		if got := textsOf(stack.Settle(filesOf(from))); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is at %v, want %s", from, got, want)
		}
	}
}

func TestAdd(t *testing.T) {
	image := entriesOf("/bin->usr/bin", "/usr/bin/sh", "/captain->bin/ship", "/usr/bin/ship", "/tmp/:1777", "/srv/:700",
		"/opt/crew/")
	tests := []struct {
		about        string
		add, replace []string
		want         []string
		faults       []string
	}{
		{"nothing", nil, nil, nil, nil},
		{"a file", []string{"/etc/x"}, nil, []string{"/etc/x"}, nil},
		{"a link to a program", []string{"/usr/bin/mate->/captain"}, nil, []string{"/usr/bin/mate->/captain"}, nil},
		{"a link to a dir", []string{"/crew->opt/crew"}, nil, []string{"/crew->opt/crew"}, nil},
		{"a link to a dir that is only above a file", []string{"/x->/usr"}, nil, []string{"/x->/usr"}, nil},
		{"a link to what is mounted", []string{"/etc/mtab->/proc/self/mounts", "/fd->dev/fd"}, nil,
			[]string{"/etc/mtab->/proc/self/mounts", "/fd->dev/fd"}, nil},
		{"a link to the root", []string{"/rootfs->/"}, nil, []string{"/rootfs->/"}, nil},
		{"a link to what is added", []string{"/x", "/y->x"}, nil, []string{"/x", "/y->x"}, nil},
		{"a path through a link", []string{"/bin/x"}, nil, []string{"/usr/bin/x"}, nil},
		{"dirs keep their modes", []string{"/tmp/a", "/srv/b/c"}, nil,
			[]string{"/tmp/a", "/srv/b/c", "/srv/:700", "/tmp/:1777"}, nil},
		{"what is replaced", []string{"/captain->usr/bin/sh"}, []string{"/captain"}, []string{"/captain->usr/bin/sh"}, nil},
		{"what is replaced, through a link", []string{"/bin/sh->ship"}, []string{"/bin/sh"},
			[]string{"/usr/bin/sh->ship"}, nil},
		{"what is replaced, by its place", []string{"/bin/sh->ship"}, []string{"/usr/bin/sh"}, []string{"/usr/bin/sh->ship"},
			nil},

		{"there already", []string{"/captain->usr/bin/sh"}, nil, nil,
			[]string{"/captain is in the image already: to replace it, list it in replace"}},
		{"there already, through a link", []string{"/bin/sh"}, nil, nil,
			[]string{"/bin/sh is in the image already: to replace it, list it in replace"}},
		{"a link of the image", []string{"/bin->opt"}, nil, nil,
			[]string{"/bin is in the image already: to replace it, list it in replace"}},
		{"a dir", []string{"/usr/bin->/opt"}, []string{"/usr/bin"}, nil,
			[]string{"/usr/bin is a dir of the image, which cannot be replaced"}},
		{"below a file", []string{"/usr/bin/sh/x"}, nil, nil,
			[]string{"/usr/bin/sh/x cannot be added: /usr/bin/sh is not a dir"}},
		{"below an added file", []string{"/a", "/a/b"}, nil, nil, []string{"/a/b cannot be added: /a is not a dir"}},
		{"below an added link", []string{"/a->opt", "/a/b"}, nil, nil, []string{"/a/b cannot be added: /a is not a dir"}},
		{"twice", []string{"/usr/bin/x", "/bin/x"}, nil, nil, []string{"/bin/x is added twice"}},
		{"a link to nothing", []string{"/x->y/z"}, nil, nil, []string{"/x leads to /y/z, which is missing"}},
		{"a link to itself", []string{"/x->x"}, nil, nil, []string{"/x is a link that leads to itself"}},
		{"nothing to replace", []string{"/x"}, []string{"/x"}, nil,
			[]string{"the image has no /x to replace: remove it"}},
		{"nothing that replaces", nil, []string{"/captain"}, nil,
			[]string{"nothing is added at /captain: remove it"}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			got, misfits := NewStack(image).Add(filesOf(test.add...), test.replace)
			var faults []string
			for _, m := range misfits {
				at := filesOf(test.add...)
				named := slices.ContainsFunc(at, func(f File) bool { return f.Path == m.Path })
				if !named && !m.Replace || m.Replace && !slices.Contains(test.replace, m.Path) {
					t.Errorf("the fault is at %+v", m)
				}
				faults = append(faults, m.Fault)
			}
			if !slices.Equal(faults, test.faults) {
				t.Errorf("the faults are %q, want %q", faults, test.faults)
			}
			if texts := textsOf(got); test.faults == nil && !slices.Equal(texts, test.want) {
				t.Errorf("the layer has %q, want %q", texts, test.want)
			}
		})
	}
}

// A dir that a higher layer has only because of what is below it keeps its mode.
func TestStackKeepsModes(t *testing.T) {
	got, faults := NewStack(entriesOf("/tmp/:1777", "/tmp/a"), entriesOf("/tmp/b")).Add(filesOf("/tmp/c"), nil)
	if want := []string{"/tmp/c", "/tmp/:1777"}; faults != nil || !slices.Equal(textsOf(got), want) {
		t.Errorf("got %v, %v, want %v", textsOf(got), faults, want)
	}
}

func TestCheckAdded(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	program, other := read(executable(t, elf.EM_X86_64, "")), read(executable(t, elf.EM_AARCH64, ""))
	for _, c := range []struct {
		about string
		file  File
		want  string
	}{
		{"a text", File{Path: "/etc/x", Data: []byte("x")}, ""},
		{"a program", File{Path: "/bin/x", Mode: 0o755, Data: program}, ""},
		{"data of another machine", File{Path: "/lib/x", Mode: 0o644, Data: other}, ""},
		{"another machine's", File{Path: "/bin/x", Mode: 0o755, Data: other},
			"/bin/x is built for EM_AARCH64, not for amd64"},
		{"set-user-ID", File{Path: "/bin/su", Mode: 0o4755},
			"/bin/su is set-user-ID or set-group-ID (mode 4755), which is not allowed in an image"},
		{"a secret's name", File{Path: "/srv/.docker/config.json"},
			"/srv/.docker/config.json looks like a secret, and everybody who pulls an image can read it"},
		{"a private key", File{Path: "/etc/x.pem", Data: []byte("-----BEGIN RSA PRIVATE KEY-----")},
			"/etc/x.pem holds a private key"},
		{"a whiteout", File{Path: "/etc/.wh.passwd"},
			"/etc/.wh.passwd would remove a file: names that begin with .wh. do that in a layer"},
		{"below a whiteout", File{Path: "/.wh..wh..opq/x"},
			"/.wh..wh..opq/x would remove a file: names that begin with .wh. do that in a layer"},
		{"in /proc", File{Path: "/proc/x"}, "/proc/x is hidden in a container: something is mounted at /proc"},
		{"two lines", File{Path: "/a\nb"}, `"/a\nb" is not a clean absolute path, such as /usr/bin/kubelet`},
	} {
		got := ""
		if err := CheckAdded(c.file, "amd64"); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.about, got, c.want)
		}
	}
}
