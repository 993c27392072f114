package patches

import (
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	for _, c := range []struct{ name, patch, want string }{
		{"none", mailOf("", "Why.\n---\n x | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n\n"+count3), ""},
		{"some", mailOf("", "Why.\n---\nv2: more\n\nv1: less\n x | 2 +-\n 1 file changed, 1 insertion(+)\n"+
			" create mode 100644 y\n\n"+count3), "v2: more\n\nv1: less"},
		{"of an encoded mail", mailOf("Content-Transfer-Encoding: base64\n", base64Lines("Why.\n---\nA note.\n\n"+count3)),
			"A note."},
		{"before a plain diff", mailOf("", "Why.\n---\nA note.\n\nIndex: x\n====================\n"+count3), "A note."},
		{"without the line", mailOf("", "Why.\n\n"+count3), ""},
		{"of no mail", "Why.\n---\nmore\n" + count3, ""},
	} {
		if got := (Patch{Name: "p", Strip: 1, Data: []byte(c.patch)}).Notes(); got != c.want {
			t.Errorf("%s: Notes() = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRewrite(t *testing.T) {
	commit := func(id, message, line string) []byte {
		return []byte("From " + id + " Mon Sep 17 00:00:00 2001\nFrom: Mate <mate@example.org>\nSubject: [PATCH] " + message +
			"\n\n---\ndiff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+" + line + "\n")
	}
	diff := func(line string) string {
		return "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+" + line + "\n"
	}
	docs := func(name string) string { return strings.ReplaceAll(diff("one"), "/x", "/docs/"+name) }
	before, now, reworded := commit("1", "crew", "one"), commit("2", "crew", "uno"), commit("2", "the crew", "uno")
	for _, c := range []struct {
		name, patch string
		now         []byte
		want        string
	}{
		{"DEP-3", "Description: crew\n More.\nBug: https://example.org/1\n\nFree text.\n---\n" + diff("one"), now,
			"Description: crew\n More.\nBug: https://example.org/1\n\nFree text.\n---\n" + diff("uno")},
		{"free text and a plain diff",
			"Makes it work.\n\nIndex: x\n====================\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+one\n",
			now, "Makes it work.\n\n" + diff("uno")},
		{"a mail", mailOf("X-Mine: yes\n", "Why.\n---\nA note.\n x | 2 +-\n 1 file changed, 1 insertion(+)\n\n"+diff("one")+
			"-- \n2.39.5\n"), now, "From 2 Mon Sep 17 00:00:00 2001\n" + sender + "Subject: [PATCH] x\nX-Mine: yes\n\n" +
			"Why.\n---\nA note.\n\n" + diff("uno")},
		{"no head", diff("one"), now, diff("uno")},
		{"a mail that was reworded", mailOf("", "Why.\n---\nA note.\n\n"+diff("one")), reworded,
			"From 2 Mon Sep 17 00:00:00 2001\nFrom: Mate <mate@example.org>\nSubject: [PATCH] the crew\n\n---\nA note.\n\n" +
				diff("uno")},
		{"excluded files around it", "Why.\n\n" + docs("a") + diff("one") + docs("b"), now,
			"Why.\n\n" + docs("a") + diff("uno") + docs("b")},
		{"excluded files around it, reworded", mailOf("", "---\n"+docs("a")+diff("one")+docs("b")), reworded,
			string(reworded) + docs("a") + docs("b")},
		{"excluded mails around it", mailOf("", "A.\n---\n"+docs("a")) + mailOf("", "---\n"+diff("one")) +
			mailOf("", docs("b")),
			now, mailOf("", "A.\n---\n"+docs("a")) + mailOf("", "---\n"+diff("uno")) + mailOf("", docs("b"))},
		{"excluded mails around it, reworded", mailOf("", docs("a")) + mailOf("", diff("one")) +
			mailOf("", docs("b")), reworded,
			mailOf("", docs("a")) + string(reworded) + mailOf("", docs("b"))},
		{"an encoded mail", mailOf("Content-Transfer-Encoding: base64\n", base64Lines("---\n"+diff("one"))), now,
			string(now)},
	} {
		p := Patch{Name: "p", Strip: 1, Data: []byte(c.patch), Exclude: []string{"docs/**"}}
		if got := string(p.Rewrite(before, c.now)); got != c.want {
			t.Errorf("%s: Rewrite() = %s\nwant %s", c.name, got, c.want)
		}
	}
}
