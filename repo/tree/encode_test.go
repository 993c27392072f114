package tree

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func files() []File {
	deb := Of(Content, "apt/pool/ship.deb", []byte("ship"))
	return []File{deb, AliasOf(Content, "apt/snapshots/x/ship.deb", deb), AliasOf(Index, "apt/Packages", deb),
		AliasOf(Commit, "key.deb", deb), Of(Commit, "index.json", []byte("{}")), Of(Commit, "empty", nil)}
}

func TestListing(t *testing.T) {
	var entries []Entry
	for _, f := range files() {
		entries = append(entries, f.Entry)
	}
	entries[0].Until = "2026-02-03T04:05:06Z"
	data, err := EncodeListing(entries)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(entries)
	again, err := EncodeListing(entries)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("in another order, the listing is other bytes (%v)", err)
	}
	got, err := DecodeListing(data)
	slices.SortFunc(entries, Compare)
	if err != nil || !reflect.DeepEqual(got, entries) {
		t.Errorf("DecodeListing() = %v, %v, want %v", got, err, entries)
	}
	for n := range len(data) {
		if _, err := DecodeListing(data[:n]); err == nil {
			t.Fatalf("a listing was read that is cut off after %d of %d bytes", n, len(data))
		}
	}
}

func TestBadListing(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	for want, entries := range map[string][]Entry{
		`"../x" is not a path`:  {{Path: "../x", SHA256: digest, Class: Content}},
		`"/x" is not a path`:    {{Path: "/x", SHA256: digest, Class: Content}},
		`"a\nb" is not a path`:  {{Path: "a\nb", SHA256: digest, Class: Content}},
		`copy of "./y"`:         {{Path: "x", SHA256: digest, Class: Content, Alias: "./y"}},
		`unknown class "spare"`: {{Path: "x", SHA256: digest, Class: "spare"}},
		"an index without":      {{Path: "x", SHA256: digest, Class: Index}},
		"the SHA-256 \"abc\"":   {{Path: "x", SHA256: "abc", Class: Content}},
		"the size -1":           {{Path: "x", SHA256: digest, Size: -1, Class: Content}},
		`until "soon"`:          {{Path: "x", SHA256: digest, Class: Content, Until: "soon"}},
		"x is listed twice":     {{Path: "x", SHA256: digest, Class: Content}, {Path: "x", SHA256: digest, Class: Content}},
	} {
		data, err := encode(listing{Schema: schema, Files: entries})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeListing(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", entries, err, want)
		}
		if _, err := EncodeListing(entries); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", entries, err, want)
		}
	}
	later, err := encode(listing{Schema: schema + 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeListing(later); err == nil || !strings.Contains(err.Error(), "its schema is 2") {
		t.Errorf("a listing of a later version: %v", err)
	}
}

func TestCommits(t *testing.T) {
	data, err := EncodeCommits(files())
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeCommits(data)
	if want := map[string][]byte{"index.json": []byte("{}"), "empty": {}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DecodeCommits() = %q, %v, want %q", got, err, want)
	}
	if _, err := EncodeCommits([]File{{Entry: files()[4].Entry}}); err == nil {
		t.Error("a Commit file without content was taken")
	}
}

func TestBytes(t *testing.T) {
	f := Of(Content, "x", []byte("ship"))
	f.Data = []byte("boat")
	var mismatch *MismatchError
	if _, err := f.Bytes(); !errors.As(err, &mismatch) || mismatch.Entry.Path != "x" {
		t.Errorf("content that is another: %v", err)
	}
}
