package debbase

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

const inRelease, packages = "dists/bookworm/InRelease", "dists/bookworm/main/binary-amd64/Packages"

// detached replaces an InRelease by a Release, and a signature that armor, "" or
// the kind of a block, is put around.
func detached(t *testing.T, m mirror, key *openpgp.Entity, kind string) {
	t.Helper()
	text := m.release(header)
	var sig bytes.Buffer
	if err := openpgp.DetachSign(&sig, []*openpgp.Entity{key}, strings.NewReader(text), at(made())); err != nil {
		t.Fatal(err)
	}
	data := sig.Bytes()
	if kind != "" {
		data = armored(t, kind, data)
	}
	delete(m, inRelease)
	m["dists/bookworm/Release"], m["dists/bookworm/Release.gpg"] = []byte(text), data
}

func TestRelease(t *testing.T) {
	key, other := newKey(t), newKey(t)
	const block = "PGP PUBLIC KEY BLOCK"
	flip := func(data []byte, old, new string) []byte {
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("there is no %q to change", old)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
	for _, c := range []struct {
		name   string
		change func(m mirror, a *Archive)
		at     time.Time // made, where it is zero
		err    string    // what the error says, in parts; "" is none
	}{
		{"as it is", func(mirror, *Archive) {}, time.Time{}, ""},
		{"by its code name's suite", func(m mirror, a *Archive) {
			for name, data := range m {
				m[strings.Replace(name, "bookworm", "oldstable", 1)] = data
			}
			a.Suite = "oldstable"
		}, time.Time{}, ""},
		{"an armored keyring", func(_ mirror, a *Archive) { a.Keyring = armored(t, block, a.Keyring) }, time.Time{}, ""},
		{"two armored blocks", func(_ mirror, a *Archive) {
			a.Keyring = slices.Concat(armored(t, block, public(t, other)), armored(t, block, a.Keyring))
		}, time.Time{}, ""},
		{"two keys", func(_ mirror, a *Archive) { a.Keyring = public(t, other, key) }, time.Time{}, ""},
		{"two signatures", func(m mirror, _ *Archive) { m[inRelease] = clearSigned(t, m.release(header), other, key) },
			time.Time{}, ""},
		{"a detached signature", func(m mirror, _ *Archive) { detached(t, m, key, "PGP SIGNATURE") }, time.Time{}, ""},
		{"a binary one", func(m mirror, _ *Archive) { detached(t, m, key, "") }, time.Time{}, ""},
		{"an index of gzip", func(m mirror, _ *Archive) {
			delete(m, packages+".xz")
			m[packages+".gz"] = compress(t, ".gz", []byte(indexOf("a 1")))
			m[inRelease] = clearSigned(t, m.release(header), key)
		}, time.Time{}, ""},
		{"by hash, which a snapshot does not have", func(m mirror, _ *Archive) {
			m[inRelease] = clearSigned(t, m.release(header+"Acquire-By-Hash: yes\n"), key)
		}, time.Time{}, ""},
		{"by hash, while the mirror changes", func(m mirror, _ *Archive) {
			text := m.release(header + "Acquire-By-Hash: yes\n")
			m[inRelease] = clearSigned(t, text, key)
			sum := strings.Fields(text[strings.Index(text, "SHA256:")+7:])[0]
			m["dists/bookworm/main/binary-amd64/by-hash/SHA256/"+sum], m[packages+".xz"] = m[packages+".xz"], []byte("new")
		}, time.Time{}, ""},
		{"the last moment", func(mirror, *Archive) {}, time.Date(2026, 2, 10, 4, 0, 0, 0, time.UTC), ""},

		{"another's signature", func(m mirror, _ *Archive) { m[inRelease] = clearSigned(t, m.release(header), other) },
			time.Time{}, "InRelease has no good signature;key "},
		{"another's detached signature", func(m mirror, _ *Archive) { detached(t, m, other, "") }, time.Time{},
			"Release.gpg has no good signature"},
		{"a changed text", func(m mirror, _ *Archive) { m[inRelease] = flip(m[inRelease], "Suite: old", "Suite: new") },
			time.Time{}, "InRelease has no good signature"},
		{"a changed detached text", func(m mirror, _ *Archive) {
			detached(t, m, key, "")
			m["dists/bookworm/Release"] = flip(m["dists/bookworm/Release"], "Suite: old", "Suite: new")
		}, time.Time{}, "Release.gpg has no good signature"},
		{"no signature", func(m mirror, _ *Archive) { m[inRelease] = []byte(m.release(header)) }, time.Time{},
			"InRelease is not signed"},
		{"no Release.gpg", func(m mirror, _ *Archive) {
			detached(t, m, key, "")
			delete(m, "dists/bookworm/Release.gpg")
		}, time.Time{}, "Release.gpg: 404"},
		{"a suite that there is not", func(_ mirror, a *Archive) { a.Suite = "bookwurm" }, time.Time{},
			"bookwurm/InRelease: 404;bookwurm/Release: 404;Check the archive's URL and suite"},
		{"a text before what is signed", func(m mirror, _ *Archive) {
			m[inRelease] = append([]byte(strings.ReplaceAll(m.release(header), "bookworm", "evil")), m[inRelease]...)
		}, time.Time{}, ""},
		{"another suite's Release", func(m mirror, _ *Archive) {
			m[inRelease] = clearSigned(t, m.release(strings.Replace(header, "bookworm", "buster", 1)), key)
		}, time.Time{}, `it is for the suite "oldstable", code name "buster", not for bookworm`},
		{"out of date", func(mirror, *Archive) {}, time.Date(2026, 2, 10, 4, 0, 1, 0, time.UTC),
			"it was valid until 2026-02-10T04:00:00Z: use a mirror;the date of the snapshot"},
		{"not made yet", func(m mirror, _ *Archive) {
			m[inRelease] = clearSigned(t, m.release(strings.Replace(header, "03 Feb 2026 04", "03 Feb 2026 05", 1)), key)
		}, time.Time{}, "it is from 2026-02-03T05:00:00Z, after 2026-02-03T04:05:06Z"},
		{"not signed yet", func(mirror, *Archive) {}, made().Add(-time.Second), "no good signature"},
		{"a key that has expired", func(m mirror, _ *Archive) {
			m[inRelease] = clearSigned(t, m.release(strings.Replace(header, "10 Feb", "28 Feb", 1)), key)
		}, made().AddDate(0, 0, 9), "it has expired or was revoked"},
		{"no time", func(m mirror, _ *Archive) { m[inRelease] = clearSigned(t, m.release("Codename: bookworm\n"), key) },
			time.Time{}, "its Date is not a time"},
		{"an empty keyring", func(_ mirror, a *Archive) { a.Keyring = nil }, time.Time{},
			"the keyring for https://deb.example.org/debian/: it has no OpenPGP key"},
		{"no keyring", func(_ mirror, a *Archive) { a.Keyring = []byte("hello") }, time.Time{},
			"the keyring for https://deb.example.org/debian/"},
		{"a component that there is not", func(_ mirror, a *Archive) { a.Components = []string{"main", "extra"} },
			time.Time{}, `no packages of extra for amd64: it has the components "main"`},
		{"another index", func(m mirror, _ *Archive) { m[packages+".xz"] = compress(t, ".xz", []byte(indexOf("b 1"))) },
			time.Time{}, "Packages.xz: it is not the file;expected  sha256:;Try again"},
		{"a longer index", func(m mirror, _ *Archive) { m[packages+".xz"] = append(m[packages+".xz"], 0) }, time.Time{},
			"Packages.xz: it has more than the"},
		{"a shorter index", func(m mirror, _ *Archive) { m[packages+".xz"] = m[packages+".xz"][1:] }, time.Time{},
			"Packages.xz: it ends after"},
		{"no index", func(m mirror, _ *Archive) { delete(m, packages+".xz") }, time.Time{}, "Packages.xz: 404"},
		{"an index that is no xz", func(m mirror, _ *Archive) {
			m[packages+".xz"] = []byte("Package: a\n")
			m[inRelease] = clearSigned(t, m.release(header), key)
		}, time.Time{}, "dists/bookworm/main/binary-amd64/Packages.xz: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMirror(t, key, indexOf("a 1"))
			a := m.archive(public(t, key))
			c.change(m, &a)
			when := c.at
			if when.IsZero() {
				when = made()
			}
			pins, err := Resolve(t.Context(), []Archive{a}, "amd64", []string{"a"}, when)
			if c.err != "" {
				wantError(t, err, strings.Split(c.err, ";")...)
			} else if err != nil || len(pins) != 1 || pins[0].Name != "a" {
				t.Errorf("Resolve gave %v, %v, want package a", pins, err)
			}
		})
	}
}
