package patches

import (
	"testing"
	"time"
)

func TestMail(t *testing.T) {
	date := time.Date(2026, 2, 10, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, text string
		want       Mail
		ok         bool
	}{
		{"of git", "From 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71 Mon Sep 17 00:00:00 2001\n" +
			"From: Mate <mate@example.org>\nDate: Tue, 10 Feb 2026 08:00:00 +0000\nSubject: [PATCH v2 3/7] crew: sign on\n" +
			" a bosun\n\nWhy.\n\nMore.\n---\n f | 2 +-\n\ndiff --git a/f b/f\n",
			Mail{"Mate", "mate@example.org", date, "crew: sign on a bosun", "Why.\n\nMore."}, true},
		{"with words of another script",
			"From: =?UTF-8?q?J=C3=B6rg?= <j@example.org>\nDate: Tue, 10 Feb 2026 08:00:00 +0000\n" +
				"Subject: =?UTF-8?q?[PATCH]=20k=C3=B6che?=\n\n---\n",
			Mail{"Jörg", "j@example.org", date, "köche", ""}, true},
		{"as it is", "From: Jörg <j@example.org>\nDate: Tue, 10 Feb 2026 08:00:00 +0000\nSubject: köche\n\n" +
			"diff --git a/f b/f\n",
			Mail{"Jörg", "j@example.org", date, "köche", ""}, true},
		{"without a date", "From: j@example.org\nSubject: x\n\n---\n", Mail{"", "j@example.org", time.Unix(0, 0), "x", ""},
			true},
		{"of another script, in its own charset", "From: =?windows-1251?B?zODw6P8=?= <m@example.org>\n" +
			"Subject: =?KOI8-R?Q?=CB=CF=CB?=\nContent-Type: text/plain; charset=ISO-8859-15\n" +
			"Content-Transfer-Encoding: quoted-printable\n\n5 =A4=\n for rope\n---\ndiff --git a/f b/f\n",
			Mail{"Мария", "m@example.org", time.Unix(0, 0), "кок", "5 € for rope"}, true},
		{"with tags that are its author's", "From: Mate <mate@example.org>\nSubject: Re: [PATCH v2 3/7] [release-1.2] " +
			"UPSTREAM: <carry>: crew\n\nCloses: #1\nSigned-off-by: Mate <mate@example.org>\n---\n",
			Mail{"Mate", "mate@example.org", time.Unix(0, 0), "[release-1.2] UPSTREAM: <carry>: crew",
				"Closes: #1\nSigned-off-by: Mate <mate@example.org>"}, true},
		{"sent by somebody else", "From: List <list@example.org>\nSubject: [PATCH] list name\n\n" +
			"From: \"Mate, Jo\" <mate@example.org>\nSubject: crew\n\nWhy.\n---\n",
			Mail{"Mate, Jo", "mate@example.org", time.Unix(0, 0), "crew", "Why."}, true},
		{"with quotes in a name", "From: \"Dr. \\\"Jo\\\" O\\\\Neil <1>\" <jo@example.org>\nSubject: x\n\n---\n",
			Mail{`Dr. "Jo" O\Neil <1>`, "jo@example.org", time.Unix(0, 0), "x", ""}, true},
		{"with a nickname", "From: \"Jo\" Mate <jo@example.org>\nSubject: x\n\n---\n",
			Mail{"Jo Mate", "jo@example.org", time.Unix(0, 0), "x", ""}, true},
		{"with a quote that does not end", "From: \"Jo <jo@example.org>\nSubject: x\n\n---\n",
			Mail{`"Jo`, "jo@example.org", time.Unix(0, 0), "x", ""}, true},
		{"with what looks like a diff", "From: a@example.org\nSubject: x\n\n--- not a diff\n@@ -1 +1 @@\n---\n",
			Mail{"", "a@example.org", time.Unix(0, 0), "x", "--- not a diff\n@@ -1 +1 @@"}, true},
		{"DEP-3", "Description: Add a bosun\n He calls the crew.\n .\n All of it.\nAuthor: Jo Mate <jo@example.org>, " +
			"B <b@example.org>\nOrigin: vendor, https://example.org/1\nBug-Debian: https://example.org/2\n" +
			"Forwarded: not-needed\nLast-Update: 2026-02-10\n\nAnd a comment.\n---\n--- a/f\n+++ b/f\n",
			Mail{"Jo Mate", "jo@example.org", time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC), "Add a bosun",
				"He calls the crew.\n\nAll of it.\n\nAnd a comment.\n\nOrigin: vendor, https://example.org/1\n" +
					"Bug-Debian: https://example.org/2\nForwarded: not-needed\nLast-Update: 2026-02-10"}, true},
		{"DEP-3 by names of mails", "Subject: Add a bosun\nFrom: Jo Mate\nBug: https://example.org/2\n" +
			"Applied-Upstream: 1.5\nForwarded: yes\nIndex: f\n",
			Mail{"Jo Mate", "", time.Time{}, "Add a bosun",
				"Bug: https://example.org/2\nApplied-Upstream: 1.5\nForwarded: yes\nIndex: f"}, true},
		{"of Mercurial", "# HG changeset patch\n# User Mate <mate@example.org>\n# Date 1770710400 -3600\n#      Tue Feb\n" +
			"# Node ID 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71\ncrew: sign on\n\nWhy.\n\ndiff --git a/f b/f\n",
			Mail{"Mate", "mate@example.org", date, "crew: sign on", "Why."}, true},
		{"a diff alone", "diff --git a/f b/f\n--- a/f\n", Mail{}, false},
		{"a comment and a diff", "Makes it work.\n\n--- a/f\n", Mail{}, false},
		{"nothing", "", Mail{}, false},
	} {
		got, ok := Patch{Data: []byte(c.text)}.Mail()
		got.Date = got.Date.UTC()
		c.want.Date = c.want.Date.UTC()
		if got != c.want || ok != c.ok {
			t.Errorf("%s: Mail() = %+v, %v, want %+v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestFileName(t *testing.T) {
	const long = "a subject that goes on and on until nobody reads it any more"
	for subject, want := range map[string]string{
		"crew: sign on a bosun":    "0007-crew-sign-on-a-bosun.patch",
		"köche / und ähnliches...": "0007-k-che-und-hnliches.patch",
		long:                       "0007-a-subject-that-goes-on-and-on-until-nobody-reads-it.patch",
		"../../etc/passwd":         "0007-etc-passwd.patch",
		"":                         "0007-patch.patch",
	} {
		if got := FileName(7, subject); got != want {
			t.Errorf("FileName(7, %q) = %s, want %s", subject, got, want)
		}
	}
}

func TestEditSeries(t *testing.T) {
	const old = "# All ours.\n\n0001-a.patch\n# Goes with b.\n0002-b.patch -p2\n# The end.\n"
	for _, c := range []struct {
		name    string
		patches []Patch
		want    string
	}{
		{"the same", []Patch{{Name: "0001-a.patch", Strip: 1}, {Name: "0002-b.patch", Strip: 2}}, old},
		{"one less", []Patch{{Name: "0001-a.patch", Strip: 1}}, "# All ours.\n\n0001-a.patch\n# The end.\n"},
		{"one more", []Patch{{Name: "0001-a.patch", Strip: 1}, {Name: "x", Strip: 1}},
			"# All ours.\n\n0001-a.patch\nx\n# The end.\n"},
		{"none", nil, "# The end.\n"},
	} {
		if got := string(EditSeries([]byte(old), c.patches)); got != c.want {
			t.Errorf("%s: EditSeries() = %q, want %q", c.name, got, c.want)
		}
	}
	const empty = "# None yet.\n"
	if got := string(EditSeries([]byte(empty), []Patch{{Name: "x", Strip: 1}})); got != empty+"x\n" {
		t.Errorf("the first patch makes the series %q", got)
	}
}

func TestSameChange(t *testing.T) {
	const a = "From 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71 Mon Sep 17 00:00:00 2001\nSubject: x\n---\n" +
		"diff --git a/f b/f\nindex 1234567..89abcde 100644\n@@ -1,2 +1,2 @@ func a\n x\n-y\n+z\n"
	const moved = "From 99900d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71 Mon Sep 17 00:00:00 2001\nSubject: x\n---\n" +
		"diff --git a/f b/f\nindex 7654321..89abcde 100644\n@@ -9,2 +9,2 @@ func b\n x\n-y\n+z\n"
	for other, want := range map[string]bool{a: true, moved: true, a + "+more\n": false, "Subject: y" + a: false} {
		if got := SameChange([]byte(a), []byte(other)); got != want {
			t.Errorf("SameChange() with %q = %v", other, got)
		}
	}
}
