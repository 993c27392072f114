package front

import (
	"bufio"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/scaffold"
)

// TestAsker has a person on a terminal answer what no flag says.
func TestAsker(t *testing.T) {
	const mate = "Mate <mate@example.org>"
	for _, c := range []struct {
		name       string
		given      scaffold.Request
		everything bool
		answers    string
		want       scaffold.Request
		err        string
	}{
		{name: "all by default but one", everything: true, answers: "\n\n\n\n" + mate + "\n",
			want: scaffold.Request{Profile: "kubernetes", Maintainer: mate}},
		{name: "all answered, one twice", everything: true,
			answers: "etcd\n3.6.4\netcd, etcdctl\ngithup\ngithub\n" + mate + "\n",
			want: scaffold.Request{Profile: "etcd", Version: "3.6.4", Components: []string{"etcd", "etcdctl"}, CI: "github",
				Maintainer: mate}},
		{name: "wrong answers are asked for again", everything: true,
			answers: "etcd\n3.6\n3.6.4\netcdtcl\netcdctl\n\nMate\n" + mate + "\n",
			want:    scaffold.Request{Profile: "etcd", Version: "3.6.4", Components: []string{"etcdctl"}, Maintainer: mate}},
		{name: "flags are checked first", given: scaffold.Request{Profile: "etcd", Version: "3"}, err: `"3" is not a`},
		{name: "flags leave one", given: scaffold.Request{Profile: "etcd"}, answers: mate + "\n",
			want: scaffold.Request{Profile: "etcd", Maintainer: mate}},
		{name: "nothing to ask", given: scaffold.Request{Maintainer: mate}, want: scaffold.Request{Maintainer: mate}},
		{name: "the terminal is closed", everything: true, answers: "etcd\n", err: `no answer to "Which version`},
	} {
		a := asker{in: bufio.NewReader(strings.NewReader(c.answers)), out: io.Discard}
		got, err := a.complete(c.given, c.everything)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

// TestSayNext has the forks of a project pinned before anything asks for their locks.
func TestSayNext(t *testing.T) {
	for _, c := range []struct{ name, files, want string }{
		{"the first fork", "magefile.go forks/ship/fork.yaml",
			"go tool slipway patches:lock | go tool slipway doctor | go tool slipway cross"},
		{"several at once", "magefile.go forks/ship/fork.yaml forks/boat/fork.yaml",
			"go tool slipway patches:lock -fork=ship | go tool slipway patches:lock -fork=boat | " +
				"go tool slipway doctor | go tool slipway cross"},
		{"one more", "forks/boat/fork.yaml forks/boat/patches/series",
			"go tool slipway patches:lock -fork=boat | go tool slipway doctor | go tool slipway cross -fork=boat"},
	} {
		var out strings.Builder
		program{name: "slipway", out: &out}.sayNext(strings.Fields(c.files))
		var got []string
		for line := range strings.Lines(out.String()) {
			if command, _, ok := strings.Cut(line, "#"); ok {
				got = append(got, strings.TrimSpace(command))
			}
		}
		if got := strings.Join(got, " | "); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}
