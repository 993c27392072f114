package yum

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sign/rpmheader"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	key := signtest.OpenPGP(t, "captain")
	file := write(t, dir, captain(t, "1.36.1+acme.1"))
	p := read(t, file)
	if p.NEVRA() != "captain-0:1.36.1+acme.1-1.x86_64" || p.FileName() != filepath.Base(file) || p.Signer != "" {
		t.Errorf("it is %s, %s, signed by %q", p.NEVRA(), p.FileName(), p.Signer)
	}
	if want := "rpm/packages/" + p.SHA256[:2] + "/" + p.SHA256 + "/captain-1.36.1_acme.1-1.x86_64.rpm"; p.Path != want {
		t.Errorf("its path is %s, want %s", p.Path, want)
	}
	if f := p.File(file); f.Size != int64(len(get(t, file))) || f.SHA256 != sum(get(t, file)) || f.Path != p.Path {
		t.Errorf("as a file it is %+v", f)
	}
	q := signed(t, signer(t, key), file)
	if q.Signer != key.Fingerprint || q.SHA256 == p.SHA256 || q.Path == p.Path {
		t.Errorf("signed, it is %s at %s, signed by %s: want %s", q.SHA256, q.Path, q.Signer, key.Fingerprint)
	}
}

// TestReadDamaged holds what is said of an rpm that is not whole, with its name.
func TestReadDamaged(t *testing.T) {
	good := get(t, write(t, t.TempDir(), captain(t, "1.36.1")))
	cut := func(n int) []byte { return good[:n] }
	flipped := func(at int) []byte {
		data := slices.Clone(good)
		data[at] ^= 1
		return data
	}
	for _, c := range []struct {
		name   string
		data   []byte
		sha256 string // that is on record
		want   string
	}{
		{"whole", good, "", ""},
		{"whole, on record", good, sum(good), ""},
		{"empty", nil, "", "is not an rpm, or is damaged"},
		{"no rpm", []byte(strings.Repeat("!<arch>\n", 100)), "", "is not an rpm, or is damaged"},
		{"cut in the header", cut(500), "", "is not an rpm, or is damaged"},
		{"cut in the payload", cut(len(good) - 10), "", "it is truncated"},
		{"cut in the payload, on record", cut(len(good) - 10), sum(good), "it is truncated"},
		{"longer", append(slices.Clone(good), 'x'), "", "it is damaged: it has"},
		{"a byte of the lead", flipped(0), "", "is not an rpm, or is damaged"},
		{"a byte of the header", flipped(1500), "", "mismatch"},
		{"a byte of the payload", flipped(len(good) - 5), "", "it is damaged: payload"},
		{"a byte of the payload, on record", flipped(len(good) - 5), sum(good), "its record says sha256:" + sum(good)},
		{"another one than on record", good, sum(nil), "its record says sha256:" + sum(nil)},
	} {
		file := filepath.Join(t.TempDir(), "captain.rpm")
		put(t, file, c.data)
		list, err := ReadAll(context.Background(), []Source{{File: file, SHA256: c.sha256}})
		switch {
		case c.want == "" && (err != nil || list[0].Name != "captain"):
			t.Errorf("%s: it is %v, %v", c.name, list, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), file)):
			t.Errorf("%s: the error is %v, want %s: …%s", c.name, err, file, c.want)
		}
	}
}

// TestReadEveryByte holds that no byte of an rpm makes its reader fail in another way than with
// an error, and that of what rpm reads none goes unnoticed: the header and the payload.
func TestReadEveryByte(t *testing.T) {
	file := write(t, t.TempDir(), captain(t, "1.36.1"))
	good := get(t, file)
	tags, err := rpmheader.Headers(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		data := slices.Clone(good)
		data[i] ^= 0xff
		put(t, file, data)
		if _, err := Read(context.Background(), file); err == nil && i >= tags.GetRange().Start {
			t.Fatalf("byte %d is changed, and nobody noticed", i)
		}
	}
}

// TestReadAll holds that the order is kept, and that all faults are reported.
func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	var sources []Source
	for _, v := range []string{"1.36.3", "1.36.1", "1.36.2"} {
		sources = append(sources, Source{File: write(t, dir, captain(t, v))})
	}
	list, err := ReadAll(context.Background(), sources)
	if err != nil || list[0].Version != "1.36.3" || list[1].Version != "1.36.1" || list[2].Version != "1.36.2" {
		t.Errorf("they are %v, %v", list, err)
	}
	put(t, sources[0].File, nil)
	sources[2].File += "x"
	_, err = ReadAll(context.Background(), sources)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), sources[0].File) {
		t.Errorf("the error is %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := ReadAll(ctx, sources); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped, the error is %v", err)
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"steers & <sails>\n\t\"", "steers & <sails>\n\t\""},
		{"Ünion ⚓", "Ünion ⚓"},
		{"\xdcnion", "Ünion"},
		{"bell\a", ""},
		{"nothing\ufffe", ""},
	} {
		got, err := text(c.in)
		if (err != nil) != (c.want == "") || err == nil && got != c.want {
			t.Errorf("%q is %q, %v", c.in, got, err)
		}
	}
}

func TestWanted(t *testing.T) {
	entry := func(name, pre string) relation { return relation{Name: name, Pre: pre} }
	for _, c := range []struct {
		name string
		all  []relation
		want []relation
	}{
		{"as it is", []relation{entry("bosun", "")}, []relation{entry("bosun", "")}},
		{"of rpm", []relation{entry("rpmlib(PayloadFilesHavePrefix)", "")}, nil},
		{"provided", []relation{entry("ship", ""), entry("ship", "1")}, nil},
		{"provided in another version", []relation{{Name: "ship", Flags: "GE", Version: "2"}},
			[]relation{{Name: "ship", Flags: "GE", Version: "2"}}},
		{"a file of primary", []relation{entry("/usr/bin/ship", "")}, nil},
		{"another file", []relation{entry("/usr/share/ship", "")}, []relation{entry("/usr/share/ship", "")}},
		{"twice", []relation{entry("bosun", ""), entry("bosun", "1"), entry("bosun", ""), entry("bosun", "1")},
			[]relation{entry("bosun", ""), entry("bosun", "1")}},
		{"glibc", []relation{entry("libc.so.6(GLIBC_2.4)", ""), entry("libc.so.6(GLIBC_2.34)", ""),
			entry("libc.so.6(GLIBC_2.17)", ""), entry("bosun", "")},
			[]relation{entry("bosun", ""), entry("libc.so.6(GLIBC_2.34)", "")}},
	} {
		got := wanted(c.all, []relation{entry("ship", "")}, []file{{Path: "/usr/bin/ship"}, {Path: "/usr/share/ship"}})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
