package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/packaging"
)

// script writes a program.
func script(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
}

// TestAskForDocuments asks programs for their help, and some for the completions of
// a shell.
func TestAskForDocuments(t *testing.T) {
	y := newYard(t)
	s := y.open()
	for _, c := range []struct {
		about, text string
		shells      []string
		help        string
		completions map[string]string
		err         string
	}{
		{about: "help", text: `echo "called with $*"`, help: "called with --help\n"},
		{about: "help as a complaint, as of Go's own flags", text: "echo flags >&2; exit 2", help: "flags\n"},
		{about: "help on both", text: "echo help; echo warning >&2", help: "help\n"},
		{about: "help and a failure", text: "echo help; exit 1", err: "exit status 1"},
		{about: "nothing", text: "true", err: "it printed nothing"},
		{about: "nothing, and a failure", text: "exit 1", err: "exit status 1"},
		{about: "a processor that is too old", text: "echo This program can only be run on newer ones. >&2; exit 1",
			err: "This program can only be run on newer ones."},
		{about: "an unknown instruction", text: "echo SIGILL >&2; kill -ILL $$", err: "illegal instruction"},
		{about: "a crash, which ends as help does",
			err: "it crashes:\npanic: at sea\n\ngoroutine 1 [running]:\nmain.main()\n" +
				"  A module that is linked may be too old for go",
			text: `printf 'hello\npanic: at sea\n\ngoroutine 1 [running]:\nmain.main()\n' >&2; exit 2`},
		{about: "help that speaks of one", text: "echo 'panic: at sea' >&2; exit 2", help: "panic: at sea\n"},
		{
			about: "the name it is called by, and no folder", text: `echo "$0 in $HOME and ${0%/*}/x"`,
			help: "crew in $HOME and x\n",
		},
		{about: "the environment", text: `echo $LANG $PATH $GOMAXPROCS $GOPROXY`, help: "C.UTF-8 /usr/bin:/bin 1\n"},
		{
			about: "completions", text: `echo "$2" of $1`, shells: []string{"bash", "fish"}, help: "of --help\n",
			completions: map[string]string{"bash": "bash of completion\n", "fish": "fish of completion\n"},
		},
		{about: "completions as a complaint", text: `[ $1 = --help ] && echo help || echo no >&2`, shells: []string{"zsh"},
			err: "it printed nothing"},
		{about: "no completions", text: `[ $1 = --help ] && echo help`, shells: []string{"zsh"}, err: "exit status 1"},
	} {
		t.Run(c.about, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "binary")
			script(t, program, c.text)
			doc, _, err := Do(t.Context(), s, documentsStage, documentsInput{
				sum: c.about, name: "crew", shells: c.shells, path: program,
			})
			says(t, err, c.err)
			if err != nil {
				return
			}
			if got := strings.TrimPrefix(string(doc.Help), " "); got != c.help || len(doc.Completions) != len(c.completions) {
				t.Errorf("got %q and %d completions, want %q and %d", got, len(doc.Completions), c.help, len(c.completions))
			}
			for shell, want := range c.completions {
				if got := string(doc.Completions[shell]); got != want {
					t.Errorf("%s: got %q, want %q", shell, got, want)
				}
			}
		})
	}
	if entries, err := os.ReadDir(s.CacheDir("tmp")); err != nil || len(entries) > 0 {
		t.Errorf("after that, there are %v, %v", entries, err)
	}
}

// TestAskForDocumentsEnds holds that a program that does not end is not waited for.
func TestAskForDocumentsEnds(t *testing.T) {
	y := newYard(t)
	s := y.open()
	program := filepath.Join(t.TempDir(), "binary")
	script(t, program, "exec sleep 600")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := askForDocuments(ctx, s, documentsInput{name: "crew", path: program}, t.TempDir())
	if !errors.Is(err, run.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}

// TestDocuments holds which programs of recipes are asked, and that each is asked
// once.
func TestDocuments(t *testing.T) {
	y := newYard(t)
	s := y.open()
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	host := Binaries{Dir: dir}
	for _, name := range []string{"captain", "deckhand", "bosun"} {
		script(t, filepath.Join(dir, name), "echo "+name+" >>"+asked+"; echo ${0##*/} $*")
		host.All = append(host.All, cross.Binary{Component: name, File: name, SHA256: name})
	}
	in := packaging.Input{
		Version: y.fork.Parsed, Programs: []string{"captain", "bosun", "deckhand"},
		Recipes: packaging.Recipes{Multicall: []packaging.Multicall{
			{Component: "deckhand", Programs: map[string]string{"swab": "/usr/libexec/swabber"}},
		}},
	}
	recipes := []packaging.Recipe{
		{Programs: map[string]string{"captain": "/bin/captain"}, Man: map[string]string{"captain": "1"}},
		{Programs: map[string]string{"bosun": "/bin/bosun"}, Man: map[string]string{"captain": "1"}},
		{Programs: map[string]string{"swab": "/bin/swab"}, Completions: map[string][]string{"swab": {"bash"}}},
	}
	for range 2 {
		docs, err := s.documents(t.Context(), in, recipes, host)
		must(t, err)
		if len(docs) != 2 || string(docs["captain"].Help) != "captain --help\n" ||
			string(docs["swab"].Help) != "swabber --help\n" ||
			string(docs["swab"].Completions["bash"]) != "swabber completion bash\n" {
			t.Errorf("got %q", docs)
		}
	}
	if got := strings.Fields(read(t, asked)); len(got) != 3 { // captain for help, deckhand for two things
		t.Errorf("asked were %v", got)
	}
	must(t, os.Remove(filepath.Join(dir, "captain")))
	host.All[0].SHA256 = "another"
	_, err := s.documents(t.Context(), in, recipes[:1], host)
	says(t, err, "asking captain for its help: ")
}
