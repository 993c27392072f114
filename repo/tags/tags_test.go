package tags

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	memory "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
	"github.com/slipway-build/slipway/registry"
)

// A shop is a registry with images of the captain at three versions.
type shop struct {
	host, name string
	digests    []string
	fault      func(w http.ResponseWriter, r *http.Request) bool
	puts       int
	next       http.Handler
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		s.puts++
	}
	if s.fault == nil || !s.fault(w, r) {
		s.next.ServeHTTP(w, r)
	}
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{next: memory.New(memory.Logger(log.New(io.Discard, "", 0)))}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.fill(t, strings.TrimPrefix(server.URL, "http://"))
	return s
}

func (s *shop) fill(t *testing.T, host string) {
	t.Helper()
	s.host, s.name = host, host+"/team/captain"
	for i := range 3 {
		image, err := random.Image(64, 1, random.WithSource(zeros(i)))
		if err != nil {
			t.Fatal(err)
		}
		p := registry.Pusher{Registries: []string{host + "/team"}}
		item := registry.Item{Repository: "captain", Tag: fmt.Sprintf("v1.4.%d", i), Image: image}
		pushed, err := p.Push(t.Context(), []registry.Item{item})
		if err != nil {
			t.Fatal(err)
		}
		s.digests = append(s.digests, pushed[0].Digest)
	}
}

// zeros is a source of numbers that are all the same.
type zeros int64

func (z zeros) Int63() int64 { return int64(z) }
func (zeros) Seed(int64)     {}

func (s *shop) want(tag, digest string) Want {
	return Want{Repository: s.name, Tag: tag, Digest: digest, Fork: "ship-1.4", Version: "1.4.1+acme.1"}
}

// names returns what a tag names.
func (s *shop) names(t *testing.T, tag string) string {
	t.Helper()
	repo, err := registry.Pusher{}.OpenToRead(t.Context(), s.name)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	digest, _ := repo.Digest(t.Context(), tag)
	return digest
}

// TestMove moves tags on and back, in memory and in Docker's registry.
func TestMove(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { onAndBack(t, openShop(t), true) })
	t.Run("docker-registry", func(t *testing.T) {
		host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
		s := &shop{}
		s.fill(t, host)
		onAndBack(t, s, false)
	})
}

func onAndBack(t *testing.T, s *shop, removes bool) {
	var notes []string
	m := Mover{Events: func(e event.Event) {
		if e.Kind == event.Note {
			notes = append(notes, e.Detail)
		}
	}}
	first := []Want{s.want("stable-1.4", s.digests[0])}
	second := []Want{s.want("stable-1.4", s.digests[1]), s.want("candidate-1.4", s.digests[2])}
	for _, step := range []struct {
		name        string
		wants       []Want
		moved, kept int
		stable      string
	}{
		{"first", Between(nil, first), 1, 0, s.digests[0]},
		{"on", Between(first, second), 2, 0, s.digests[1]},
		{"once more", Between(first, second), 0, 2, s.digests[1]},
		{"back", Between(second, first), 1, 0, s.digests[0]},
	} {
		report, err := m.Move(t.Context(), step.wants)
		left := 0
		if step.name == "back" {
			if step.moved++; !removes {
				step.moved, left = 1, 1
			}
		}
		if err != nil || len(report.Moved) != step.moved || len(report.Kept) != step.kept || len(report.Left) != left {
			t.Errorf("%s: %+v, %v, want %d moved and %d kept", step.name, report, err, step.moved, step.kept)
		}
		if got := s.names(t, "stable-1.4"); got != step.stable {
			t.Errorf("%s: the tag names %s, want %s", step.name, got, step.stable)
		}
	}
	if said := len(notes) == 1 && strings.Contains(notes[0], "candidate-1.4 should no longer be there"); said == removes {
		t.Errorf("it says %q", notes)
	}
}

// TestMoveRefuses checks that nothing moves where anything is wrong.
func TestMoveRefuses(t *testing.T) {
	none := "sha256:" + strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		want  func(s *shop) Want
		fault func(w http.ResponseWriter, r *http.Request) bool
		says  string
	}{
		"an image that was not pushed": {
			want: func(s *shop) Want { return s.want("stable-1.5", none) },
			says: "the image of ship-1.4 1.4.1+acme.1, which is not in its repository: push it first, " +
				"from where that version was made: mage push -fork=ship-1.4 -registry=HOST/team",
		},
		"the tag of a version": {
			want: func(s *shop) Want { return s.want("v1.4.1", s.digests[0]) },
			says: "v1.4.1 is the tag of a version",
		},
		"no digest": {want: func(s *shop) Want { return s.want("stable-1.5", "v1.4.1") }, says: `"v1.4.1" is not a digest`},
		"no tag":    {want: func(s *shop) Want { return s.want("stable 1.5", none) }, says: "tag can only contain"},
		"one tag, two images": {
			want: func(s *shop) Want { return s.want("stable-1.4", s.digests[0]) },
			says: "would be both the image of",
		},
		"no answer": {
			want: func(s *shop) Want { return s.want("stable-1.5", s.digests[0]) },
			fault: func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "stable-1.5") {
					w.WriteHeader(http.StatusForbidden)
				}
				return strings.HasSuffix(r.URL.Path, "stable-1.5")
			},
			says: "needs a login",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.fault, s.puts = c.fault, 0
			report, err := Mover{}.Move(t.Context(), []Want{s.want("stable-1.4", s.digests[1]), c.want(s)})
			says := strings.ReplaceAll(c.says, "HOST", s.host)
			if err == nil || !strings.Contains(err.Error(), says) || len(report.Moved) > 0 || s.puts > 0 {
				t.Errorf("%+v, %v, %d requests to change something, want %q", report, err, s.puts, says)
			}
		})
	}
}

// TestMoveGoesOn checks what is reported where a move fails, and that the next run moves the rest.
func TestMoveGoesOn(t *testing.T) {
	s := openShop(t)
	wants := []Want{s.want("candidate-1.4", s.digests[2]), s.want("stable-1.4", s.digests[1])}
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		fails := r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "stable-1.4")
		if fails {
			w.WriteHeader(http.StatusInsufficientStorage)
		}
		return fails
	}
	m := Mover{Registry: registry.Pusher{Wait: time.Millisecond}}
	dry, err := Mover{DryRun: true}.Move(t.Context(), wants)
	if err != nil || len(dry.Moved) != 2 || s.names(t, "stable-1.4") != "" {
		t.Errorf("a dry run: %+v, %v", dry, err)
	}
	report, err := m.Move(t.Context(), wants)
	if err == nil || !strings.HasPrefix(err.Error(), s.name+":stable-1.4: ") ||
		lines(report.Moved) != "candidate-1.4:  -> "+s.digests[2] {
		t.Errorf("%+v, %v", report, err)
	}
	s.fault = nil
	report, err = m.Move(t.Context(), wants)
	if err != nil || lines(report.Moved) != "stable-1.4:  -> "+s.digests[1] || len(report.Kept) != 1 {
		t.Errorf("once more: %+v, %v", report, err)
	}
}
