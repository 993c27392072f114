package patches

import (
	"fmt"
	"strings"
	"testing"
)

const logDiff = "diff --git a/log b/log\nindex 5626abf0f72e58d7a153368ba57db4c673c0e171.." +
	"f719efd430d52bcfc8566a43b2eb655688d38871 100644\n--- a/log\n+++ b/log\n@@ -1 +1 @@\n-one\n+two\n"

// commitOf is a commit with a message, as a patch.
func commitOf(message, diff string) Patch {
	head := "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Mate <mate@example.org>\n" +
		"Date: Tue, 03 Feb 2026 04:05:06 +0000\nSubject: [PATCH] log\n\n" + message + "\n---\n"
	return Patch{Name: "0123456789012345678901234567890123456789", Strip: 1, Data: []byte(head + diff), Diff: len(head)}
}

// TestMessagesAreNoDiffs has messages of commits that quote diffs, and the files that
// become of them.
func TestMessagesAreNoDiffs(t *testing.T) {
	base := files{"log": "one\n", "rope": "one\n"}.lay(t, t.TempDir())
	quoted := "--- a/rope\n+++ b/rope\n@@ -1 +1 @@\n-one\n+quoted"
	marked := "> " + strings.ReplaceAll(quoted, "\n", "\n> ")
	for name, c := range map[string]struct{ message, file string }{
		"nothing":    {"Why.", "Why."},
		"a diff":     {"It was:\n\n" + quoted + "\n\nOnce.", "It was:\n\n" + marked + "\n\nOnce."},
		"git's diff": {"diff --git a/rope b/rope\n" + quoted, "> diff --git a/rope b/rope\n" + marked},
		"a mode": {"diff --git a/rope b/rope\nold mode 100644\nnew mode 100755",
			"> diff --git a/rope b/rope\n> old mode 100644\n> new mode 100755"},
		"a hunk":               {"@@ -1,3 +1,3 @@ says git", "> @@ -1,3 +1,3 @@ says git"},
		"a binary":             {"Binary files a/x and b/x differ", "> Binary files a/x and b/x differ"},
		"two lines of a diff":  {"--- a/rope\nis old", "--- a/rope\nis old"},
		"a line, and more":     {"Why.\n---\nNotes.", "Why.\n---\nNotes."},
		"a diff behind a line": {"---\n" + quoted, "> ---\n" + marked},
	} {
		t.Run(name, func(t *testing.T) {
			p := commitOf(c.message, logDiff)
			data, err := p.File()
			if want := commitOf(c.file, logDiff).Data; err != nil || string(data) != string(want) {
				t.Errorf("File() = %s, %v, want\n%s", data, err, want)
			}
			if m, ok := p.Mail(); !ok || m.Body != c.message {
				t.Errorf("the message is %q, want %q", m.Body, c.message)
			}
			if got, want := p.QuotesDiff(), c.message != c.file; got != want {
				t.Errorf("QuotesDiff() = %v", got)
			}
			for _, p := range []Patch{p, {Name: "log.patch", Strip: 1, Data: data}} {
				r, err := Apply(base, []Patch{p})
				if err != nil || len(r.Changes) != 1 || r.Changes[0].Path != "log" || string(r.Changes[0].Content) != "two\n" {
					t.Errorf("%s makes %v, %v", p.Name, r.Changes, err)
				}
			}
		})
	}
}

// TestCommitsMakeWhatTheyMade has a commit whose ids are those of other contents.
func TestCommitsMakeWhatTheyMade(t *testing.T) {
	for name, c := range map[string]struct{ before, diff, err string }{
		"as it was": {"one\n", logDiff, ""},
		"damaged": {"one\n", strings.Replace(logDiff, "+two", "+too", 1),
			"log becomes another file than in the commit: expected git's object f719efd430d52bcfc8566a43b2eb655688d38871"},
		"on another file": {"one\nmore\n", strings.Replace(logDiff, "@@ -1 +1 @@", "@@ -1,2 +1,2 @@", 1) + " more\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Apply(files{"log": c.before}.lay(t, t.TempDir()), []Patch{commitOf("Why.", c.diff)})
			if (err == nil) != (c.err == "") || !strings.Contains(fmt.Sprint(err), c.err) {
				t.Errorf("Apply() = %v, want %q", err, c.err)
			}
		})
	}
}

// TestExcluded has a patch of several files, some of which are not to be changed.
func TestExcluded(t *testing.T) {
	plain := func(name string) string { return "--- a/" + name + "\n+++ b/" + name + "\n@@ -1 +1 @@\n-one\n+two\n" }
	const (
		head = "Subject: log\n\n"
		made = "diff --git a/vendor/new b/vendor/new\nnew file mode 100644\n" +
			"--- /dev/null\n+++ b/vendor/new\n@@ -0,0 +1 @@\n+x\n"
		moved  = "diff --git a/vendor/a b/vendor/b\nrename from vendor/a\nrename to vendor/b\n"
		out    = "diff --git a/log b/vendor/log\nrename from log\nrename to vendor/log\n"
		copied = "diff --git a/log b/vendor/log\ncopy from log\ncopy to vendor/log\n"
		gone   = "diff --git a/vendor/old b/vendor/old\ndeleted file mode 100644\n" +
			"--- a/vendor/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
		end = "-- \n2.39.5\n"
	)
	base := files{"log": "one\n", "pkg/log": "one\n"}.lay(t, t.TempDir())
	for name, c := range map[string]struct {
		text, file string // what is left of it
		changes    int
		err        string
	}{
		"nothing of it": {text: head + plain("log") + end, file: head + plain("log") + end, changes: 1},
		"the first":     {text: head + plain("vendor/x") + plain("log"), file: head + plain("log"), changes: 1},
		"one between": {text: plain("log") + made + plain("pkg/log"),
			file: plain("log") + plain("pkg/log"), changes: 2},
		"of every kind": {text: head + moved + gone + plain("log") + copied + made + end,
			file: head + plain("log") + end, changes: 1},
		"all":               {text: head + plain("vendor/x") + made},
		"by a longer glob":  {text: plain("pkg/x/gen.go") + plain("log"), file: plain("log"), changes: 1},
		"renamed out of it": {text: out, err: "p:1: log is renamed to vendor/log, which upstream.exclude leaves out"},
		"renamed into it": {text: plain("pkg/log") + "diff --git a/vendor/a b/a\nrename from vendor/a\nrename to a\n",
			err: "p:6: a is made of vendor/a, which upstream.exclude leaves out"},
		"a copy of an excluded file": {text: "diff --git a/vendor/a b/a\ncopy from vendor/a\ncopy to a\n",
			err: "p:1: a is made of vendor/a, which upstream.exclude leaves out"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Patch{Name: "p", Strip: 1, Data: []byte(c.text), Exclude: []string{"vendor/**", "**/gen.go"}}
			data, err := p.File()
			if string(data) != c.file || (err == nil) != (c.err == "") || !strings.Contains(fmt.Sprint(err), c.err) {
				t.Errorf("File() = %s, %v, want\n%s, %s", data, err, c.file, c.err)
			}
			if err != nil {
				return
			}
			if r, err := Apply(base, []Patch{p}); err != nil || len(r.Changes) != c.changes {
				t.Errorf("Apply() = %v, %v", r, err)
			}
		})
	}
	bad := Patch{Name: "p", Strip: 1, Data: []byte(plain("log")), Exclude: []string{"[a"}}
	if _, err := Parse(bad); err == nil {
		t.Error("Parse() takes a glob that is none")
	}
}

// TestFileQuotesTheAuthor has names as git records them, and as git am reads them
// in a mail.
func TestFileQuotesTheAuthor(t *testing.T) {
	for name, want := range map[string]string{
		"Jo Mate":           "Jo Mate",
		"Dr. Jo, (Mate)":    "Dr. Jo, (Mate)",
		`Jo "Bosun" Mate`:   `"Jo \"Bosun\" Mate"`,
		`Jo \ Mate`:         `"Jo \\ Mate"`,
		`Jörg \"Koch" Maat`: `"Jörg \\\"Koch\" Maat"`,
	} {
		head := "From 1234 Mon Sep 17 00:00:00 2001\nFrom: " + name + " <jo@example.org>\nSubject: [PATCH] x\n\n---\n"
		p := Patch{Name: "p", Strip: 1, Data: []byte(head + changed("log", "a", "b")), Diff: len(head)}
		data, err := p.File()
		if err != nil || !strings.Contains(string(data), "\nFrom: "+want+" <jo@example.org>\nSubject: ") {
			t.Errorf("File() of %s = %v, %s", name, err, data)
		}
		for _, p := range []Patch{p, {Name: "p", Strip: 1, Data: data}} {
			if mail, _ := p.Mail(); mail.From != name || mail.Email != "jo@example.org" {
				t.Errorf("Mail() = %+v, want %s", mail, name)
			}
		}
	}
}
