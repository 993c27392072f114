package shards

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
)

// A hurt is something done to the folder from, which has the shard of linux/amd64 in
// a and that of linux/arm64 in b.
type hurt func(t *testing.T, from string)

func remove(name string) hurt {
	return func(t *testing.T, from string) {
		if err := os.RemoveAll(filepath.Join(from, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func write(name, text string) hurt {
	return func(t *testing.T, from string) {
		at := filepath.Join(from, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func symlink(name, to string) hurt {
	return func(t *testing.T, from string) {
		at := filepath.Join(from, name)
		if err := errors.Join(os.RemoveAll(at), os.Symlink(to, at)); err != nil {
			t.Fatal(err)
		}
	}
}

// record changes the record of the shard in b.
func record(edit func(r *Record)) hurt {
	return func(t *testing.T, from string) {
		at := filepath.Join(from, "b/ship.linux-arm64", File)
		data, err := os.ReadFile(at)
		var r Record
		if err := errors.Join(err, json.Unmarshal(data, &r)); err != nil {
			t.Fatal(err)
		}
		edit(&r)
		data, err = json.Marshal(r)
		if err := errors.Join(err, os.WriteFile(at, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// replaced changes the record by its text.
func replaced(pairs ...string) hurt {
	return func(t *testing.T, from string) {
		at := filepath.Join(from, "b/ship.linux-arm64", File)
		data, err := os.ReadFile(at)
		text := strings.NewReplacer(pairs...).Replace(string(data))
		if err := errors.Join(err, os.WriteFile(at, []byte(text), 0o644)); err != nil || text == string(data) {
			t.Fatal(err, text)
		}
	}
}

// other puts another shard of linux/arm64 beside the one in b.
func other(edit hurt) hurt {
	return func(t *testing.T, from string) {
		b := filepath.Join(from, "b")
		if err := os.CopyFS(filepath.Join(from, "c"), os.DirFS(b)); err != nil {
			t.Fatal(err)
		}
		edit(t, from)
	}
}

func TestMergeRefuses(t *testing.T) {
	const shard, in = "b/ship.linux-arm64/", "shard ship.linux-arm64 in FROM/b/ship.linux-arm64 "
	const again = "\n  Make the shard again from what is merged here: mage release:shard ship.linux-arm64"
	for name, c := range map[string]struct {
		hurt hurt
		want string // FROM is the folder
	}{
		"a missing shard": {remove("b"), "shard ship.linux-arm64 is missing\n" +
			"  To make it: mage release:shard ship.linux-arm64; then give the folder that it writes, " +
			"dist/shards/ship.linux-arm64"},
		"both missing": {hurt(func(t *testing.T, from string) { remove("a")(t, from); remove("b")(t, from) }),
			"FROM has no shard: want"},
		"no folder":        {remove(""), "FROM does not exist: want a folder with shard.json in it"},
		"a missing file":   {remove(shard + "bin/linux_arm64/captain"), in + "has no bin/linux_arm64/captain\n  Copy"},
		"a missing folder": {remove(shard + "rpm"), in + "has no rpm/linux_arm64/ship.rpm\n  Copy"},
		"a changed file": {write(shard+"bin/linux_arm64/captain", "x"),
			in + "has a changed bin/linux_arm64/captain: its SHA-256 is 2d711642"},
		"a file more": {write(shard+"bin/linux_arm64/purser", "x"),
			in + "has bin/linux_arm64/purser, which shard.json does not list\n  Remove it"},
		"a file beside them": {write(shard+"notes", "x"), in + "has notes, which shard.json does not list"},
		"a link": {symlink(shard+"bin/linux_arm64/captain", "/bin/true"),
			in + "has bin/linux_arm64/captain, which is not a plain file"},
		"a link to a folder": {symlink(shard+"rpm", "../../a"), in + "has rpm, which is not a plain file"},
		"a linked record":    {symlink(shard+File, "/dev/null"), "FROM/b/ship.linux-arm64/shard.json is not a plain file"},
		"no JSON": {write(shard+File, "{"),
			"FROM/b/ship.linux-arm64/shard.json: unexpected end of JSON input\n  Copy the shard again"},
		"another schema": {replaced(`"schema": 1`, `"schema": 2`),
			"shard.json: its schema is 2, and this Slipway reads 1\n"},
		"another name": {replaced(`"shard": "ship.l`, `"shard": "boat.l`),
			`says shard "boat.linux-arm64" of fork "ship" for platform "linux/arm64"`},
		"an unknown platform": {replaced(`linux/arm64"`, `linux/vax"`), `for platform "linux/vax", which no shard is`},
		"a fork elsewhere": {replaced(`"fork": "ship"`, `"fork": "../ship"`, `"ship.linux`, `"../ship.linux`),
			`of fork "../ship"`},
		"a path that leads out": {replaced("bin/linux_arm64/captain", "bin/linux_arm64/../../../captain"),
			`it lists "bin/linux_arm64/../../../captain", which is in none of the folders of a shard for linux/arm64: bin/`},
		"a path from the root": {replaced("bin/linux_arm64/captain", "/etc/captain"), `it lists "/etc/captain", which`},
		"a path of another platform": {replaced("bin/linux_arm64/captain", "bin/linux_amd64/captain"),
			`it lists "bin/linux_amd64/captain", which`},
		"a file twice": {record(func(r *Record) { r.Files = append(r.Files, r.Files[2]) }),
			`it lists "rpm/linux_arm64/ship.rpm" behind "rpm/linux_arm64/ship.rpm", and not each`},
		"no binaries": {record(func(r *Record) { r.Files = r.Files[2:] }), "it lists nothing in bin/linux_arm64, where"},
		"another fork": {replaced(`"fork": "ship"`, `"fork": "boat"`, `"ship.linux`, `"boat.linux`),
			"shard boat.linux-arm64 in FROM/b/ship.linux-arm64 does not belong to what is merged: ship.linux-amd64, " +
				"ship.linux-arm64\n"},
		"another version": {replaced("1.4.1+test.1", "1.4.2"),
			in + "the fork's version is 1.4.2, and here it is 1.4.1+test.1" + again},
		"another lock": {replaced("sha256:01", "sha256:ff"),
			in + "forks/ship/fork.lock is sha256:ff, and here it is sha256:01" + again},
		"files that are not here": {record(func(r *Record) {
			r.Inputs = append(r.Inputs, artifact.Pinned{Name: "forks/ship/files", Digest: "sha256:03"})
		}), in + "forks/ship/files is sha256:03, and here it is missing" + again},
		"a profile that is not there": {record(func(r *Record) { r.Inputs = r.Inputs[:1] }),
			in + "forks/ship/fork.yaml is missing, and here it is sha256:02" + again},
		"another toolchain": {replaced("go1.26.8", "go1.26.9"),
			in + "the toolchain is go1.26.9, and here it is go1.26.8" + again},
		"another Slipway": {replaced("v1.2.0", "v1.3.0"), in + "Slipway is v1.3.0, and here it is v1.2.0" + again},
		"twice, and not the same": {other(func(t *testing.T, from string) {
			write("b/ship.linux-arm64/bin/linux_arm64/captain", "x")(t, from)
			record(func(r *Record) {
				r.Files[1].Size, r.Files[1].SHA256 = 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
			})(t, from)
		}), "shard ship.linux-arm64 in FROM/c/ship.linux-arm64 has other content than in FROM/b/ship.linux-arm64, " +
			"the first of which is bin/linux_arm64/captain\n  Give the folder of one of them"},
		"a Slipway that is not known": {replaced(`"slipway": "v1.2.0"`, `"slipway": ""`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			from := carried(t)
			c.hurt(t, from)
			d := project(t, map[string]string{"dist/ship/bin/linux_arm64/captain": "old",
				"dist/ship/deb/linux_amd64/ship.deb": "old"})
			before := content(t, d.Project)
			_, err := Merge(t.Context(), d, []string{from}, want())
			says(t, err, strings.ReplaceAll(c.want, "FROM", from))
			if after := content(t, d.Project); c.want != "" && !equal(before, after) {
				t.Errorf("dist was %v, and is %v", before, after)
			}
		})
	}
}

func equal(a, b map[string]string) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
