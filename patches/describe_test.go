package patches

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// change is a diff whose lines say something of vulnerabilities, which no head does.
const change = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n CVE: CVE-2020-0001\n-b\n+CVE: CVE-2020-0002\n"

func TestCVEs(t *testing.T) {
	const git = "From 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71 Mon Sep 17 00:00:00 2001\n" +
		"From: Mate <mate@example.org>\nDate: Tue, 10 Feb 2026 08:00:00 +0000\nSubject: [PATCH] crew: sign on\n\n"
	for _, c := range []struct{ name, text, want string }{
		{"a diff alone", change, ""},
		{"a trailer of git", git + "Why.\n\nCVE: CVE-2025-13281\nSigned-off-by: M <m@example.org>\n---\n f | 2 +-\n\n" +
			change, "CVE-2025-13281"},
		{"behind the message", git + "Why.\n---\nCVE: CVE-2025-13281\n\n" + change, ""},
		{"DEP-3", "Description: Sign on\n The crew.\n CVE: CVE-2020-0003\nAuthor: Mate\nCVE: CVE-2025-13281\n\n" + change,
			"CVE-2025-13281"},
		{"DEP-3, behind the text", "From: Mate\nSubject: Sign on\n\nThe crew.\n\nCVE: CVE-2025-13281\nForwarded: no\n---\n" +
			change, "CVE-2025-13281"},
		{"OpenEmbedded", git + "CVE: CVE-2024-0002 CVE-2024-0001\nUpstream-Status: Backport [https://example.org/1]\n\n" +
			"Signed-off-by: M <m@example.org>\n---\n" + change, "CVE-2024-0001 CVE-2024-0002"},
		{"no other head", "CVE: CVE-2025-13281\n" + change, "CVE-2025-13281"},
		{"prose and a line", "Sign on.\n\nCVE: CVE-2025-13281\n" + change, "CVE-2025-13281"},
		{"several lines and cases", git + "cve:cve-2025-13281\nCve: CVE-2025-0002, ghsa-R6J8-c6r2-37rr;GO-2025-4240\r\n" +
			"CVE: CVE-2025-13281\n---\n" + change, "CVE-2025-0002 CVE-2025-13281 GHSA-r6j8-c6r2-37rr GO-2025-4240"},
		{"a folded line", git + "CVE: CVE-2025-0001,\n CVE-2025-0002\n---\n" + change, "CVE-2025-0001 CVE-2025-0002"},
		{"a folded field", "Author: Mate\nCVE: CVE-2025-0001,\n\tCVE-2025-0002\n\n" + change,
			"CVE-2025-0001 CVE-2025-0002"},
		{"quoted and in prose", git + "> CVE: CVE-2025-0001\n\n  CVE: CVE-2025-0002\nThe CVE: CVE-2025-0003\n" +
			"Fixes-CVE: CVE-2025-0004\n---\n" + change, ""},
		{"a mail that is encoded", "From: Mate <mate@example.org>\nSubject: x\nContent-Type: text/plain; charset=UTF-8\n" +
			"Content-Transfer-Encoding: quoted-printable\n\nCVE: CVE-2025=\n-0001\n---\n" +
			strings.ReplaceAll(change, "=", "=3D"), "CVE-2025-0001"},
		{"of Mercurial", "# HG changeset patch\n# User Mate <mate@example.org>\ncrew\n\nCVE: CVE-2025-13281\n\n" + change,
			"CVE-2025-13281"},
		{"a mailbox", git + "CVE: CVE-2025-0002\n---\n" + change + "\n" + git + "CVE: CVE-2025-0001\n---\n" + change +
			"\n" + git + "CVE: CVE-2025-0003\n\nA letter without a diff.\n", "CVE-2025-0001 CVE-2025-0002 CVE-2025-0003"},
		{"before a mail", "CVE: CVE-2025-13281\n" + git + "Why.\n---\n" + change, "CVE-2025-13281"},
	} {
		got, err := Patch{Name: "a.patch", Strip: 1, Data: []byte(c.text)}.CVEs()
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: fixes %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

func TestCVEsThatAreNone(t *testing.T) {
	const empty = "CVE: names no vulnerability: write an id, such as CVE-2025-13281, or remove the line"
	form := func(s string) string {
		return `CVE: "` + s + `" is not the ID of a vulnerability: write one as CVE-2025-13281, GHSA-r6j8-c6r2-37rr or ` +
			"GO-2025-4240, several with commas; or remove the line if the patch fixes none"
	}
	for _, c := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"no number yet", "Author: Mate\nCVE: CVE-2025-none\n\n" + change, 2, form("CVE-2025-none")},
		{"nothing", "From: Mate\nSubject: x\n\nWhy.\nCVE:\n---\n" + change, 5, empty},
		{"none", "Author: Mate\nCVE: none\n\n" + change, 2, form("none")},
		{"a page", "Sign on.\n\nCVE: https://example.org/1\n" + change, 3, form("https://example.org/1")},
		{"a word behind it", "CVE: CVE-2025-13281 (part)\n" + change, 1, form("(part)")},
		{"in an encoded mail", "From: Mate\nSubject: x\nContent-Transfer-Encoding: base64\n\n" +
			"Q1ZFOiAxMgotLS0KZGlmZiAtLWdpdCBhL2YgYi9mCm9sZCBtb2RlIDEwMDY0NApuZXcgbW9kZSAxMDA3NTUK\n", 5, form("12")},
	} {
		_, err := Patch{Name: "a.patch", Strip: 1, Data: []byte(c.text)}.CVEs()
		e, ok := errors.AsType[*ParseError](err)
		if !ok || e.Line != c.line || e.Patch != "a.patch" || e.Err.Error() != c.want {
			t.Errorf("%s: the error is %v\nwant line %d: %s", c.name, err, c.line, c.want)
		}
	}
}

// TestCVEsOfCommit has a commit whose message quotes a diff, and one that changes excluded files only.
func TestCVEsOfCommit(t *testing.T) {
	head := "From: Mate <mate@example.org>\nSubject: crew\n\nAs in\n\n" + change + "\nCVE: CVE-2025-13281\n---\n"
	p := Patch{Name: "14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71", Strip: 1, Data: []byte(head + change), Diff: len(head)}
	if got, err := p.CVEs(); err != nil || !slices.Equal(got, []string{"CVE-2025-13281"}) {
		t.Errorf("the commit fixes %v (%v)", got, err)
	}
	p.Exclude = []string{"f"}
	if got, err := p.CVEs(); err != nil || len(got) > 0 {
		t.Errorf("the commit that is left out fixes %v (%v)", got, err)
	}
}

func TestHead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Head
	}{
		{"a diff alone", change, Head{Title: "a.patch"}},
		{"git", "From: Mate <mate@example.org>\nSubject: [PATCH 1/2] crew:\n sign on\n\nWhy.\n\n" +
			"(cherry picked from commit 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71)\nCVE: CVE-2025-13281\n---\n" + change,
			Head{"crew: sign on", "Mate <mate@example.org>", "commit 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71",
				[]string{"CVE-2025-13281"}}},
		{"DEP-3", "Description: Sign on\nOrigin: backport,\n https://example.org/1\nAuthor: Mate\n\n" + change,
			Head{Title: "Sign on", Author: "Mate", Origin: "backport, https://example.org/1"}},
		{"OpenEmbedded", "From: m@example.org\nSubject: Sign on\n\nUpstream-Status: Backport [https://example.org/1]\n---\n" +
			change, Head{Title: "Sign on", Author: "<m@example.org>", Origin: "https://example.org/1"}},
		{"no subject", "Author: Mate\n\n" + change, Head{Author: "Mate"}},
	} {
		got, err := Patch{Name: "a.patch", Strip: 1, Data: []byte(c.text)}.Head()
		if err != nil || got.Title != c.want.Title || got.Author != c.want.Author || got.Origin != c.want.Origin ||
			!slices.Equal(got.CVEs, c.want.CVEs) {
			t.Errorf("%s: the head is %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}
