package patches

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const (
	from   = "From 14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71 Mon Sep 17 00:00:00 2001\n"
	sender = "From: Mate <mate@example.org>\n"
	count3 = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n" // of numbers(1, 3)
)

// mailOf returns a mail with a head of its own.
func mailOf(head, body string) string {
	return from + sender + "Subject: [PATCH] x\n" + head + "\n" + body
}

// TestMailsAreRead has mails of a patch that makes 2 of three lines something else.
func TestMailsAreRead(t *testing.T) {
	const qp, b64 = "Content-Transfer-Encoding: quoted-printable\n", "content-transfer-encoding: BASE64\n"
	multi := func(parts ...string) string {
		return mailOf("Content-Type: multipart/mixed;\n boundary=\"=_b\"\n",
			"preamble\n--=_b\n"+strings.Join(parts, "\n--=_b\n")+"\n--=_b--\nepilogue\n")
	}
	equals := strings.Replace(count3, "two", "2=two", 1)
	for _, c := range []struct{ name, patch, want string }{
		{"quoted-printable", mailOf(qp, "Why.\n---\n"+strings.Replace(equals, "2=two", "2=3D=\nt=77o", 1)), "2=two"},
		{"quoted-printable with DOS lines",
			strings.ReplaceAll(mailOf(qp, "---\n"+strings.Replace(equals, "2=two", "2=3D=\ntwo", 1)), "\n", "\r\n"), "2=two"},
		{"quoted-printable that is not", mailOf(qp, "---\n"+equals), "2=two"},
		{"base64", mailOf(b64, base64Lines("---\n"+equals)), "2=two"},
		{"base64 with DOS lines in it", mailOf(b64, base64Lines(strings.ReplaceAll("---\n"+equals, "\n", "\r\n"))), "2=two"},
		{"a named encoding that is none", mailOf("Content-Transfer-Encoding: 8bit\n", "---\n"+equals), "2=two"},
		{"no line before it", strings.TrimPrefix(mailOf(qp, strings.Replace(equals, "=", "=3D", 1)), from), "2=two"},
		{"the bytes of another charset stay", mailOf("Content-Type: text/plain; charset=ISO-8859-1\n"+qp,
			strings.Replace(count3, "two", "=FC", 1)), "\xfc"},
		{"parts", multi("Content-Type: text/plain\n\nWhy.\n---", "Content-Type: text/x-patch; name=\"x.patch\"\n"+qp+
			"Content-Disposition: attachment\n\n"+strings.Replace(equals, "=", "=3D", 1)), "2=two"},
		{"parts that are no patch", multi("\nWhy.\n---", "Content-Type: text/html\n\n<pre>\n"+count3,
			"Content-Type: text/x-diff\n"+b64+"\n"+base64Lines(equals),
			"Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\nx\n"), "2=two"},
		{"parts of a head that is not quite right", mailOf("Content-Type: multipart/mixed; boundary=\"=_b\"; charset=\n",
			"--=_b\nContent-Transfer-Encoding: quoted-printable;\n\n---\n"+strings.Replace(equals, "=", "=3D", 1)), "2=two"},
		{"a hunk in the message", mailOf("", "Not so:\n\n@@ -1,3 +1,3 @@\n-2\n+two\nBinary files a and b differ\n---\n"+
			count3), "two"},
		{"format=fixed", mailOf("Content-Type: text/plain; format=fixed\n", count3), "two"},
		{"a byte order mark", "\ufeff" + count3, "two"},
		{"a byte order mark before a mail", "\ufeff" + mailOf(qp, strings.Replace(equals, "=", "=3D", 1)), "2=two"},
		{"a signature", mailOf("", "---\n"+count3+"-- \n2.39.5\n\n"), "two"},
		{"a signature without its space", mailOf("", "---\n"+count3+"--\n2.39.5\n\n"), "two"},
		{"a signature of more lines", mailOf("", "---\n"+count3+"--\nMate\n+31 20\n"), "two"},
		{"a signature alone", count3 + "--", "two"},
		{"a signature with DOS lines", strings.ReplaceAll(count3+"-- \n2.39.5\n", "\n", "\r\n"), "two"},
		{"blank lines behind it", count3 + " \n\t\n\nThe end.\n", "two"},
		{"no newline at the end", strings.TrimSuffix(count3, "\n"), "two"},
	} {
		base := files{"x": numbers(1, 3)}
		result, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(c.patch)}})
		if got, want := base.after(result.Changes)["x"], "1\n"+c.want+"\n3\n"; err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, want)
		}
	}
}

func TestMailsAreRefused(t *testing.T) {
	for _, c := range []struct{ name, patch, err string }{
		{"flowed", mailOf("Content-Type: text/plain; charset=UTF-8; format=flowed; delsp=yes\n", count3),
			"p:6: the mail has format=flowed, which joins and pads lines, so that its diff is not exact: " +
				"send it with git send-email or as an attachment, or take the commit itself"},
		{"HTML", mailOf("Content-Type: text/html\n", "<pre>\n"+count3),
			"p:6: the mail is in HTML, which has no exact lines: save it as plain text, or take the commit itself"},
		{"encoded otherwise", mailOf("Content-Transfer-Encoding: x-uuencode\n", "M"),
			`p:4: the mail's Content-Transfer-Encoding "x-uuencode" is not known: save the patch as plain text`},
		{"damaged base64", mailOf("Content-Transfer-Encoding: base64\n", "LS0t\nL*0t\n"),
			"p:7: the mail's base64 is damaged here"},
		{"base64 that ends early", mailOf("Content-Transfer-Encoding: base64\n", "LS0t\nL\n"),
			"p:7: the mail's base64 is cut off here"},
		{"lines are those of the file", mailOf("Content-Transfer-Encoding: quoted-printable\n",
			"A long line that=\n goes on=0A=0A\n---\n--- a/x\n+++ b/x\n@@ -1,3 +1,x @@\n"),
			`p:11: the hunk header has a range "1,x" that is not LINE,COUNT`},
		{"lines of the second mail", mailOf("", count3+"\n") + mailOf("", "--- a/x\n+++ b/x\n@@ -1,3 +1,x @@\n"),
			`p:19: the hunk header has a range "1,x" that is not LINE,COUNT`},
		{"a mailbox of letters", mailOf("", "Dear all\n\n") + mailOf("", "Bye\n"), "p:1: the patch contains no diff"},
		{"encoded, made of DOS lines", mailOf("Content-Transfer-Encoding: base64\n",
			base64Lines("---\r\n--- /dev/null\r\n+++ b/y\r\n@@ -0,0 +1 @@\r\n+y\r\n")),
			"p does not apply\n  y is made by an encoded mail whose lines all end with a carriage return, " +
				"and whether the file has them is not to be seen: save the patch as plain text (p:6)"},
	} {
		base := files{"x": numbers(1, 3)}
		_, err := Apply(base.lay(t, t.TempDir()), []Patch{{Name: "p", Strip: 1, Data: []byte(c.patch)}})
		if text(err) != c.err {
			t.Errorf("%s: got %v\nwant %s", c.name, err, c.err)
		}
	}
}

// box is a mailbox with a letter and three mails, of which the later ones change what
// the first ones make.
func box() string {
	return mailOf("", "About the series.\n\n") +
		mailOf("", "First.\n---\n"+made("y", "100644", "one")+"-- \n2.39.5\n\n") +
		mailOf("", "Second.\n\nFrom 1 to 2.\nFrom "+strings.Repeat("1", 40)+" Mon Sep 17 00:00:00 2001\n---\n"+
			renamed("y", "z")+"-- \n2.39.5\n\n") +
		mailOf("Content-Transfer-Encoding: base64\n", base64Lines("Third.\n---\n"+changed("z", "one", "two")))
}

func TestMailbox(t *testing.T) {
	p := Patch{Name: "all.mbox", Strip: 1, Data: []byte(box())}
	base := files{"x": "x"}
	dir := base.lay(t, t.TempDir())
	result, err := Apply(dir, []Patch{p})
	must(t, err)
	if got := base.after(result.Changes); !equal(got, files{"x": "x", "z": "two\n"}) {
		t.Errorf("Apply() makes %q", got)
	}
	steps, err := Steps(dir, []Patch{p})
	must(t, err)
	var got []string
	for _, s := range steps {
		mail, _ := s.Patch.Mail()
		paths := ""
		for _, c := range s.Changes {
			paths += c.Path
		}
		got = append(got, fmt.Sprintf("%s %s: %.6s", s.Patch.Name, paths, mail.Body))
	}
	want := []string{"all.mbox y: First.", "all.mbox yz: Second", "all.mbox z: Third."}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Steps() = %q, want %q", got, want)
	}
	var portable []Patch
	portable, err = p.Portable()
	must(t, err)
	if len(portable) != 3 || portable[2].Name != "all-3.patch" || !strings.Contains(string(portable[2].Data), "\n+two\n") {
		t.Errorf("Portable() = %+v", portable)
	}
	if again, err := Apply(dir, portable); err != nil || !reflect.DeepEqual(again.Changes, result.Changes) {
		t.Errorf("Portable() makes another tree: %+v, %v", again, err)
	}
	plain := Patch{Name: "x", Strip: 1, Data: []byte(mailOf("", count3))}
	if got, err := plain.Portable(); err != nil || !reflect.DeepEqual(got, []Patch{plain}) {
		t.Errorf("Portable() changes a plain mail to %+v, %v", got, err)
	}
	_, err = Apply(files{"y": "y"}.lay(t, t.TempDir()), []Patch{p})
	if want := "all.mbox (x) does not apply\n  y already exists (all.mbox:13)"; text(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestMailboxOfWhichOneMailIsLeft has mails before the one that counts: a letter, and
// one whose files are excluded.
func TestMailboxOfWhichOneMailIsLeft(t *testing.T) {
	letter := strings.Replace(mailOf("", "All of it.\n-- \n2.39.5\n\n"), "Subject: ", "Subject: letter of ", 1)
	docs := mailOf("", "Docs.\n---\n"+made("docs/y", "100644", "one")+"-- \n2.39.5\n\n")
	last := mailOf("", "Last.\n---\n"+made("z", "100644", "one")+"-- \n2.39.5\n\n")
	dir := files{"x": "x"}.lay(t, t.TempDir())
	for name, text := range map[string]string{"letter": letter + last, "docs": docs + last, "both": letter + docs + last,
		"behind it": last + docs} {
		p := Patch{Name: "all.mbox", Strip: 1, Data: []byte(text), Exclude: []string{"docs/**"}}
		steps, err := Steps(dir, []Patch{p})
		must(t, err)
		if len(steps) != 1 || len(steps[0].Changes) != 1 || steps[0].Changes[0].Path != "z" {
			t.Fatalf("%s: Steps() = %+v", name, steps)
		}
		if mail, _ := steps[0].Patch.Mail(); mail.Body != "Last." || strings.Contains(mail.Subject, "letter") {
			t.Errorf("%s: the step is %+v", name, mail)
		}
	}
}

// TestLargeMailbox reads 10 MB, which is to take less than a second; this leaves room
// for a machine that has more to do.
func TestLargeMailbox(t *testing.T) {
	data := []byte(largeMailbox(10 << 20))
	start := time.Now()
	diffs, err := Parse(Patch{Name: "p", Strip: 1, Data: data})
	must(t, err)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("%d bytes with %d diffs took %s", len(data), len(diffs), took)
	}
}

// largeMailbox has mails of which every other is encoded.
func largeMailbox(size int) string {
	var out strings.Builder
	body := "---\n--- /dev/null\n+++ b/y\n@@ -0,0 +1,200 @@\n" +
		strings.Repeat("+if err := something(ctx, object); err != nil {\n", 200)
	encoded := mailOf("Content-Transfer-Encoding: quoted-printable\n", quotedPrintable(body))
	for out.Len() < size {
		out.WriteString(mailOf("", body) + "-- \n2.39.5\n\n" + encoded + "\n")
	}
	return out.String()
}

// BenchmarkMailbox reads a mailbox of 10 MB.
func BenchmarkMailbox(b *testing.B) {
	p := Patch{Name: "p", Strip: 1, Data: []byte(largeMailbox(10 << 20))}
	b.SetBytes(int64(len(p.Data)))
	for b.Loop() {
		_, err := Parse(p)
		must(b, err)
	}
}
