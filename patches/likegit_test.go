package patches

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

// A transport is what a mailbox goes through on its way to us.
type transport struct {
	name string
	// exact is set if git am reads it all the same, and so must we.
	exact  bool
	change func(r *rand.Rand, mbox string) string
}

func transports() []transport {
	each := func(f func(string) string) func(*rand.Rand, string) string {
		return func(_ *rand.Rand, mbox string) string { return eachMail(mbox, f) }
	}
	return []transport{
		{"as it is", true, each(func(m string) string { return m })},
		{"quoted-printable", true, each(func(m string) string { return encoded(m, "quoted-printable", quotedPrintable) })},
		{"base64", true, each(func(m string) string { return encoded(m, "base64", base64Lines) })},
		{"one mail of two encoded", true, func(r *rand.Rand, mbox string) string {
			return eachMail(mbox, func(m string) string {
				if r.Intn(2) == 0 {
					return m
				}
				return encoded(m, "Quoted-Printable", quotedPrintable)
			})
		}},
		{"signature without its space", true, each(func(m string) string {
			return strings.ReplaceAll(m, "\n-- \n2.", "\n--\n2.")
		})},
		{"without a signature", true, each(func(m string) string {
			m, _, _ = strings.Cut(m, "\n-- \n2.")
			return m + "\n"
		})},
		{"a byte order mark", true, func(_ *rand.Rand, mbox string) string { return "\ufeff" + mbox }},
		{"DOS lines", false, each(func(m string) string { return strings.ReplaceAll(m, "\n", "\r\n") })},
		{"space cut off line ends", false, each(func(m string) string { return lineEnds.ReplaceAllString(m, "") })},
		{"a line lost", false, func(r *rand.Rand, mbox string) string {
			lines := strings.SplitAfter(mbox, "\n")
			i := r.Intn(len(lines))
			return strings.Join(slices.Delete(lines, i, i+1), "")
		}},
		{"a line twice", false, func(r *rand.Rand, mbox string) string {
			lines := strings.SplitAfter(mbox, "\n")
			i := r.Intn(len(lines))
			return strings.Join(slices.Insert(lines, i, lines[i]), "")
		}},
		{"cut off", false, func(r *rand.Rand, mbox string) string { return mbox[:1+r.Intn(len(mbox)-1)] }},
		{"a byte changed", false, func(r *rand.Rand, mbox string) string {
			b := []byte(mbox)
			b[r.Intn(len(b))] = "\n -+@\\=a0\r"[r.Intn(10)]
			return string(b)
		}},
	}
}

var lineEnds = regexp.MustCompile(`(?m)[ \t]+$`)

// eachMail changes the mails of a mailbox.
func eachMail(mbox string, f func(string) string) string {
	var out strings.Builder
	for _, m := range messages(Patch{Data: []byte(mbox)}) {
		out.WriteString(f(string(m.raw.data)))
	}
	return out.String()
}

// encoded gives a mail a transfer encoding.
func encoded(mail, name string, encode func(string) string) string {
	head, body, _ := strings.Cut(mail, "\n\n")
	if strings.Contains(head, "multipart/") {
		return mail
	}
	var kept []string
	for line := range strings.SplitSeq(head, "\n") {
		if !strings.HasPrefix(line, "Content-Transfer-Encoding:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\nContent-Transfer-Encoding: " + name + "\n\n" + encode(body) + "\n"
}

func base64Lines(s string) string {
	var out strings.Builder
	for part := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(s))), 76) {
		out.Write(append(part, '\n'))
	}
	return out.String()
}

// quotedPrintable encodes what has to be, and breaks lines that are long.
func quotedPrintable(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		text, ended := strings.CutSuffix(line, "\n")
		width := 0
		for i := range len(text) {
			c := text[i : i+1]
			if c == "=" || c[0] < ' ' && c != "\t" || c[0] > '~' || i == len(text)-1 && (c == " " || c == "\t") {
				c = fmt.Sprintf("=%02X", c[0])
			}
			if width+len(c) > 75 {
				out.WriteString("=\n")
				width = 0
			}
			out.WriteString(c)
			width += len(c)
		}
		if ended {
			out.WriteString("\n")
		}
	}
	return out.String()
}

// A sample is a mailbox of the last commits of a repository.
type sample struct {
	repo string // where base is checked out
	base filetree.Dir
	want filetree.Tree // after all commits
	mbox string
}

func randomSample(t *testing.T, r *rand.Rand) sample {
	t.Helper()
	s := sample{repo: t.TempDir()}
	testkit.Git(t, s.repo, "init", "-q")
	commit := func(f files, message string) filetree.Dir {
		d := f.lay(t, s.repo)
		testkit.Git(t, s.repo, "add", "-A")
		testkit.Git(t, s.repo, "commit", "-q", "--allow-empty", "-m", message)
		return d
	}
	f := randomFiles(r)
	s.base = f.lay(t, t.TempDir())
	commit(f, "base")
	testkit.Git(t, s.repo, "tag", "base")
	bodies := []string{"Why it is so.", "@@ -1 +1 @@ is a hunk", "Binary files a and b differ", "--- not a diff",
		"Größe = 3\n\n\tindented\n\nSigned-off-by: Mate <mate@example.org>", "From here on\n\nFrom: the mate"}
	for i := range 1 + r.Intn(3) {
		before := f
		for f = edit(r, f); fmt.Sprint(f) == fmt.Sprint(before); {
			f = edit(r, f)
		}
		s.want = commit(f, fmt.Sprintf("ships: größer %d\n\n%s", i, bodies[r.Intn(len(bodies))])).Tree
	}
	options := [][]string{
		{}, {"-M"}, {"--full-index", "--binary"}, {"--attach"}, {"--inline"}, {"-U1"}, {"--cover-letter"},
	}
	option := options[r.Intn(len(options))]
	s.mbox = testkit.Git(t, s.repo, append([]string{"format-patch", "--stdout", "base"}, option...)...)
	s.mbox = strings.TrimRight(s.mbox, "\n") + "\n\n"
	if i := strings.Index(s.mbox, "*** BLURB HERE ***"); i >= 0 { // git am stops at a letter without a diff
		s.mbox = s.mbox[strings.Index(s.mbox[i:], "\nFrom ")+i+1:]
	}
	testkit.Git(t, s.repo, "reset", "-q", "--hard", "base")
	return s
}

// checkLikeGit applies a mailbox that went through a transport, and fails unless that
// makes the tree that git am makes, or the one that was meant, or is refused.
func checkLikeGit(t *testing.T, r *rand.Rand, s sample, way transport) (taken bool) {
	t.Helper()
	mbox := way.change(r, s.mbox)
	name := filepath.Join(t.TempDir(), "mbox")
	must(t, os.WriteFile(name, []byte(mbox), 0o644))
	said, gitErr := testkit.TryGit(t, s.repo, "am", "-q", "--keep-non-patch", name)
	theirs := scan(t, s.repo)
	if gitErr != nil {
		_, _ = testkit.TryGit(t, s.repo, "am", "--abort")
	}
	testkit.Git(t, s.repo, "reset", "-q", "--hard", "base")
	testkit.Git(t, s.repo, "clean", "-q", "-fdx")
	got, err := Apply(s.base, []Patch{{Name: "p", Strip: 1, Data: []byte(mbox)}})
	tree := s.base.Tree.Changed(got.Changes)
	report := func(what string) {
		t.Errorf("%s: %s\nwe: %v\ngit: %v %s\n%s", way.name, what, err, gitErr, said, mbox)
	}
	switch {
	case err != nil && (err.Error() == "" || way.exact && gitErr == nil):
		report("refused")
	case err != nil:
	case gitErr == nil && len(tree.Differ(theirs.Tree)) > 0 && len(tree.Differ(s.want)) > 0:
		report(fmt.Sprintf("another tree than git's: %q", tree.Differ(theirs.Tree)))
	case way.exact && len(tree.Differ(s.want)) > 0:
		report(fmt.Sprintf("another tree than was meant: %q", tree.Differ(s.want)))
	}
	return err == nil
}

// TestMailboxesLikeGitAm sends random mailboxes through each transport.
func TestMailboxesLikeGitAm(t *testing.T) {
	testkit.Need(t, "git")
	for seed := range int64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(seed))
			s := randomSample(t, r)
			for _, way := range transports() {
				if taken := checkLikeGit(t, r, s, way); way.exact && !taken {
					t.Errorf("%s: refused", way.name)
				}
			}
		})
	}
}

// FuzzLikeGit does it with other mailboxes, and with one of the transports.
func FuzzLikeGit(f *testing.F) {
	testkit.Need(f, "git")
	f.Add(int64(100), uint8(1))
	f.Add(int64(101), uint8(12))
	f.Fuzz(func(t *testing.T, seed int64, way uint8) {
		r := rand.New(rand.NewSource(seed))
		all := transports()
		checkLikeGit(t, r, randomSample(t, r), all[int(way)%len(all)])
	})
}

// FuzzDiffLikeGit damages diffs, and fails if git apply takes one and makes another
// tree of it than we do.
func FuzzDiffLikeGit(f *testing.F) {
	testkit.Need(f, "git")
	for seed := range int64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		r := rand.New(rand.NewSource(seed))
		before, after, _ := randomEdit(r)
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "old"), []byte(before), 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "new"), []byte(after), 0o644))
		diff, _ := testkit.TryGit(t, dir, "diff", "--no-index", fmt.Sprintf("-U%d", 1+r.Intn(3)), "old", "new")
		diff = strings.NewReplacer("a/old", "a/file", "b/new", "b/file").Replace(diff)
		lines := strings.SplitAfter(diff, "\n")
		for range 1 + r.Intn(2) {
			i := r.Intn(len(lines))
			switch r.Intn(5) {
			case 0:
				lines = slices.Delete(lines, i, i+1)
			case 1:
				lines = slices.Insert(lines, i, lines[r.Intn(len(lines))])
			case 2:
				odd := []string{"\n", "--\n", "-- \n", " \n", "prose\n", "--- \n", "\\ No newline\n"}
				lines = slices.Insert(lines, i, odd[r.Intn(len(odd))])
			case 3:
				lines[i] = strings.TrimRight(lines[i], " \n") + "\n"
			case 4:
				lines[i] = strings.TrimSuffix(lines[i], "\n") + "\r\n"
			}
			if len(lines) == 0 {
				return
			}
		}
		diff = strings.Join(lines, "")
		d := files{"file": before}.lay(t, t.TempDir())
		got, err := Apply(d, []Patch{{Name: "p", Strip: 1, Data: []byte(diff)}})
		patch := filepath.Join(dir, "p")
		must(t, os.WriteFile(patch, []byte(diff), 0o644))
		said, gitErr := testkit.TryGit(t, d.Path, "apply", "--whitespace=nowarn", patch)
		theirs := scan(t, d.Path)
		if err != nil || gitErr != nil {
			return
		}
		if ours := d.Tree.Changed(got.Changes); len(ours.Differ(theirs.Tree)) > 0 {
			t.Errorf("another file than git's, which says %q:\n%s\non:\n%s\n%s", said, diff, before,
				bytes.Join([][]byte{[]byte("ours"), got.Changes[0].Content}, []byte("\n")))
		}
	})
}
