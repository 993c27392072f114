//go:build acceptance && linux

package acceptance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/repotest"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/state"
)

// wantKills is how many of all publishers have to be killed at work, and not after it.
const wantKills = 400

// kills has a process publish a version, kills it at another moment each time, and has the next run
// complete: over all kinds of targets, 500 times.
func (f *fleet) kills(t *testing.T) {
	before := f.keeper(t, "https://packages.example.org", "snapshots: 3")
	before.add(f.releases[0])
	before.promote()
	after := before.copy(t)
	after.add(f.releases[1])
	after.promote()
	var killed, tried atomic.Int32
	t.Run("at", func(t *testing.T) {
		for name, kind := range kinds() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				v := victims{fleet: f, shown: map[string]int{}}
				begun := time.Now()
				for done := 0; done < kind.kills; done += batch {
					t.Run(fmt.Sprint("from ", done), func(t *testing.T) {
						v.at = kind.open(t)
						v.before, v.after = before.copy(t, v.at.env...), after.copy(t, v.at.env...)
						v.run(t, done, kind.kills)
					})
				}
				t.Logf("%d of %d were killed at work; then readers had %v; %.1fs", v.killed, kind.kills, v.shown,
					time.Since(begun).Seconds())
				killed.Add(int32(v.killed))
				tried.Add(int32(kind.kills))
			})
		}
	})
	t.Logf("%d of %d publishers were killed at work", killed.Load(), tried.Load())
	if killed.Load() < wantKills {
		t.Errorf("want %d", wantKills)
	}
}

// batch is how many are killed at one place: places in memory have to end.
const batch = 30

// victims are publishers that are killed one after the other.
type victims struct {
	*fleet
	at            place
	before, after *keeper
	killed        int
	shown         map[string]int // what the head said after a kill
}

// run kills those of all victims that are in a batch.
func (v *victims) run(t *testing.T, from, all int) {
	states := differ(v.before.with(t).files(), v.after.with(t).files())
	whole := v.whole(t)
	for i := from; i < min(from+batch, all) && !t.Failed(); i++ {
		name := fmt.Sprintf("repo-%d", i)
		v.at.lay(t, v.before, name)
		moment := float64(i) / float64(all)
		if v.kill(t, v.at.url(name), moment, whole) {
			v.killed++
		}
		web := v.at.web(t, name)
		v.shown[v.head(t, web)]++
		shows(t, web, states...)
		v.reads(t, web)
		v.after.publish(v.at.url(name))
		web = v.at.web(t, name)
		shows(t, web, states[1])
		v.reads(t, web)
		if head := v.head(t, web); head != "the new state" {
			t.Errorf("after the next run readers have %s", head)
		}
		if t.Failed() {
			t.Logf("the publisher was killed at %.3f of its work", moment)
		}
	}
}

// An extent is how much work a whole run is.
type extent struct {
	requests int
	time     time.Duration // from its first event on
}

// whole has one publish without being killed.
func (v *victims) whole(t *testing.T) extent {
	v.at.lay(t, v.before, "repo-whole")
	var e extent
	if v.at.store != nil {
		v.at.store.Requests()
	}
	p := v.start(t, v.at.url("repo-whole"))
	begun := time.Now()
	if err := p.wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.said)
	}
	e.time = time.Since(begun)
	if v.at.store != nil {
		e.requests = len(v.at.store.Requests())
	}
	return e
}

// kill starts a publisher and kills it at a moment between 0 and 1, and reports whether that ended it.
func (v *victims) kill(t *testing.T, url string, moment float64, whole extent) bool {
	t.Helper()
	var p *publishing
	if v.at.store == nil {
		p = v.start(t, url)
		time.Sleep(time.Duration(0.8 * moment * float64(whole.time)))
		_ = p.cmd.Process.Kill()
	} else {
		var n atomic.Int32
		at := 1 + int32(moment*float64(whole.requests))
		started := make(chan *publishing, 1)
		v.at.store.Intercept(func(http.ResponseWriter, *http.Request) bool {
			if n.Add(1) != at {
				return false
			}
			p := <-started
			_ = p.cmd.Process.Kill()
			return at%2 == 0 // half of them before the store has the request, half while it answers
		})
		p = v.begin(t, url)
		started <- p
		defer v.at.store.Intercept(nil)
	}
	err := p.wait()
	exit := (*exec.ExitError)(nil)
	if err != nil && (!errors.As(err, &exit) || exit.Exited()) {
		t.Errorf("it failed before it was killed: %v\n%s", err, p.said)
	}
	return err != nil
}

// A publishing is a process that publishes.
type publishing struct {
	cmd  *exec.Cmd
	out  io.ReadCloser
	said []byte
}

// begin starts a process that publishes the later state.
func (v *victims) begin(t *testing.T, url string) *publishing {
	t.Helper()
	cmd := command(v.after.Dir, v.mage, "repo:publish", "-to="+url, "-json")
	cmd.Env = v.after.Env
	out, err := cmd.StdoutPipe()
	cmd.Stderr = cmd.Stdout
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &publishing{cmd: cmd, out: out}
}

// start is begin, and waits until it says that it publishes.
func (v *victims) start(t *testing.T, url string) *publishing {
	t.Helper()
	p := v.begin(t, url)
	lines := bufio.NewReader(p.out)
	for {
		line, err := lines.ReadBytes('\n')
		p.said = append(p.said, line...)
		var e event.Event
		if err != nil {
			t.Fatalf("it ended before it published: %v\n%s", p.cmd.Wait(), p.said)
		}
		if json.Unmarshal(line, &e) == nil && e.Kind == event.Started && e.Stage == "publish" {
			p.out = io.NopCloser(lines)
			return p
		}
	}
}

// wait returns how it ended.
func (p *publishing) wait() error {
	rest, _ := io.ReadAll(p.out) // until it ends, or its last child
	p.said = append(p.said, rest...)
	return p.cmd.Wait()
}

// head says which state the head names.
func (v *victims) head(t *testing.T, web string) string {
	t.Helper()
	data, _ := get(t, web, publish.HeadFile)
	var head state.Head
	if err := json.Unmarshal([]byte(data), &head); err != nil {
		t.Fatalf("%s: %v: %q", publish.HeadFile, err, data)
	}
	newest := v.after.newest()
	switch {
	case head.Pending && head.Snapshot == newest:
		return "parts of the new state"
	case head.Snapshot == newest:
		return "the new state"
	}
	return "the old state"
}

// reads reads as each kind of client does.
func (v *victims) reads(t *testing.T, web string) {
	t.Helper()
	report, err := repotest.Read(t.Context(), web, shipSuites, 6, v.verify)
	if err != nil || len(report.Broken) > 0 {
		t.Errorf("%v\n%.2000s", err, report)
	}
}

// differ leaves out what two states both have.
func differ(a, b map[string]string) []map[string]string {
	for path, data := range a {
		if other, ok := b[path]; ok && other == data {
			delete(a, path)
			delete(b, path)
		}
	}
	return []map[string]string{a, b}
}

// shows checks that each file of some states is as in one of them.
func shows(t *testing.T, web string, states ...map[string]string) {
	t.Helper()
	all := map[string]bool{}
	for _, files := range states {
		for path := range files {
			all[path] = true
		}
	}
	for path := range all {
		data, there := get(t, web, path)
		if !slices.ContainsFunc(states, func(files map[string]string) bool {
			want, ok := files[path]
			return ok == there && want == data
		}) {
			t.Errorf("%s is there: %v, with %d bytes, which is of no state", path, there, len(data))
		}
	}
}

// get returns a file, if there is one.
func get(t *testing.T, web, path string) (string, bool) {
	t.Helper()
	response, err := http.Get(web + (&url.URL{Path: "/" + path}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNotFound {
		t.Fatalf("%s: %s, %v", path, response.Status, err)
	}
	if response.StatusCode == http.StatusNotFound {
		return "", false
	}
	return string(data), true
}
