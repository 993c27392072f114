package shards

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/output"
)

// Inputs returns the files and folders of a project that decide what is built of a
// fork, with their digests: its fork.yaml, its locks, its files, and the profile, where
// the project has them. fork.lock has the digests of the rest.
func Inputs(ctx context.Context, project, fork, profile string) ([]artifact.Pinned, error) {
	forks, profiles := path.Join("forks", fork), path.Join("profiles", profile)
	var out []artifact.Pinned
	for _, name := range []string{forks + "/base.lock", forks + "/files", forks + "/fork.lock", forks + "/fork.yaml",
		forks + "/sysroot.lock", profiles, profiles + ".yaml"} {
		digest, err := digestOf(ctx, filepath.Join(project, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, artifact.Pinned{Name: name, Digest: digest})
	}
	return out, nil
}

// digestOf returns the digest of a file, or of a folder as a tree.
func digestOf(ctx context.Context, at string) (string, error) {
	info, err := os.Stat(at)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		dir, err := filetree.Scan(ctx, at)
		return dir.Tree.Digest(), err
	}
	_, sum, err := sumOf(ctx, at, io.Discard)
	return "sha256:" + sum, err
}

// sumOf returns the size and the SHA-256 of a file, in hex, and copies it to w.
func sumOf(ctx context.Context, at string, w io.Writer) (int64, string, error) {
	if err := ctx.Err(); err != nil {
		return 0, "", err
	}
	f, err := os.Open(at)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, w), f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

// Write puts what dist has of a shard into the shard's folder, with its record, in one
// step, and returns the record. Files are hard links where the file system has them.
func Write(ctx context.Context, d output.Dist, s Shard, o Origin, t artifact.Timeline) (Record, error) {
	r := Record{
		Schema: Schema, Shard: s.Name(), Fork: s.Fork, Platform: s.Platform.String(), Origin: o, Timeline: t,
	}
	fork := filepath.Join("dist", s.Fork)
	if first := filepath.Join(fork, s.parts()[0]); len(output.List(d.Abs(first))) == 0 {
		return r, fmt.Errorf("%s is empty: a shard is written of what was built\n"+
			"  To build it: mage cross -fork=%s -platforms=%s",
			first, s.Fork, s.Platform)
	}
	return r, d.Replace(s.Dir(), func(dst string) error {
		for _, part := range s.parts() {
			from := d.Abs(filepath.Join(fork, part))
			for _, name := range output.List(from) {
				listed, err := link(ctx, filepath.Join(from, name), dst, path.Join(part, name))
				if err != nil {
					return err
				}
				r.Files = append(r.Files, listed)
			}
		}
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, File), append(data, '\n'), 0o644)
	})
}

// link puts a file into a folder, and returns what the record says of it.
func link(ctx context.Context, from, dir, name string) (Listed, error) {
	l := Listed{Path: name}
	info, err := os.Lstat(from)
	if err != nil {
		return l, err
	}
	if !info.Mode().IsRegular() {
		return l, &fs.PathError{Op: "taking into a shard", Path: from, Err: errors.New("not a plain file")}
	}
	mode := filetree.Regular
	if l.Executable = info.Mode()&0o111 != 0; l.Executable {
		mode = filetree.Executable
	}
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), filetree.LinkOrCopy(from, to, mode)); err != nil {
		return l, err
	}
	l.Size, l.SHA256, err = sumOf(ctx, to, io.Discard)
	return l, err
}
