package build

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
)

// TestProgramsOfTests compiles what the fork does not ship, in runs after another.
func TestProgramsOfTests(t *testing.T) {
	y := newYard(t)
	var made []string
	y.opts.Compile = writes(&made)
	s := y.open()
	lookout := cross.Component{Name: "lookout", Main: "cmd/captain"}
	knots := cross.Component{Name: "knots", Module: "example.org/rope", Main: "cmd/knots"}
	var program string
	for _, c := range []struct {
		about      string
		change     func()
		components []cross.Component
		made       string
	}{
		{"the first run", func() {}, []cross.Component{lookout, knots}, "lookout knots"},
		{"nothing to do", func() {}, []cross.Component{lookout, knots}, ""},
		{"a damaged one", func() { put(t, program, "damaged") }, []cross.Component{lookout, knots}, "lookout knots"},
		{"others", func() {}, []cross.Component{lookout}, "lookout"},
		{"the former", func() {}, []cross.Component{lookout, knots}, ""},
	} {
		s, made = y.again(s), nil
		c.change()
		job := y.job()
		b, err := s.Programs(t.Context(), fork.Job{Platform: job.Platform, Components: c.components})
		must(t, err)
		equal(t, c.about+": compiled", made, strings.Fields(c.made))
		program = b.Path("lookout")
		if read(t, program) == "" || !strings.HasPrefix(program, s.CacheDir()) || len(b.All) != len(c.components) {
			t.Errorf("%s: got %+v", c.about, b)
		}
	}
	none := cross.Component{Name: "none", Main: "cmd/captain", Test: true}
	_, err := s.Programs(t.Context(), fork.Job{Components: []cross.Component{none}})
	if err == nil || !strings.Contains(err.Error(), "component none: cmd/captain in the patched tree has no tests") {
		t.Errorf("got %v", err)
	}
}
