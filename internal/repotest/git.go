package repotest

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// gitDir is the folder of the git repository.
const gitDir = "overlay.git"

// readGit reads a branch as git does over plain HTTP: info/refs, HEAD, and its commit, from a
// pack that info/packs lists or by itself. The pack is compared with its own sums.
func readGit(ctx context.Context, v visit) error {
	data, err := v.get(ctx, gitDir+"/info/refs")
	if err != nil {
		return err
	}
	refs := map[string]string{}
	for _, line := range lines(data) {
		if id, name, ok := strings.Cut(line, "\t"); ok && len(id) == 2*sha1.Size {
			refs[name] = id
		}
	}
	if len(refs) == 0 {
		return v.broken(gitDir+"/info/refs", "it lists no branch: %q", data)
	}
	head, err := v.get(ctx, gitDir+"/HEAD")
	if err != nil {
		return err
	}
	if name := strings.TrimSpace(strings.TrimPrefix(string(head), "ref: ")); refs[name] == "" {
		return v.mixed(gitDir+"/HEAD", "info/refs", "it is %q", head)
	}
	var names []string
	for name := range refs {
		names = append(names, name)
	}
	name := pickSorted(v, names)
	found, err := v.packed(ctx, refs[name])
	if err == nil && !found {
		err = v.loose(ctx, name, refs[name])
	}
	return err
}

// packed reports whether a pack has an object, after it was read.
func (s site) packed(ctx context.Context, id string) (bool, error) {
	data, err := s.get(ctx, gitDir+"/objects/info/packs")
	if err != nil {
		return false, err
	}
	for _, line := range lines(data) {
		name, ok := strings.CutPrefix(line, "P ")
		if !ok {
			continue
		}
		name = gitDir + "/objects/pack/" + strings.TrimSuffix(name, ".pack")
		index, err := s.get(ctx, name+".idx")
		if err != nil {
			return false, err
		}
		ids, pack, ok := idsOf(index)
		if !ok {
			return false, s.broken(name+".idx", "it is not an index of a pack, or its sum is wrong")
		}
		if !slices.Contains(ids, id) {
			continue
		}
		data, err := s.get(ctx, name+".pack")
		if err == nil && (!summed(data) || hex.EncodeToString(data[len(data)-sha1.Size:]) != pack) {
			err = s.mixed(name+".pack", name+".idx", "it has %d bytes", len(data))
		}
		return true, err
	}
	return false, nil
}

// summed reports whether data ends with its own SHA-1.
func summed(data []byte) bool {
	at := len(data) - sha1.Size
	if at < 0 {
		return false
	}
	sum := sha1.Sum(data[:at])
	return bytes.Equal(sum[:], data[at:])
}

// idsOf returns the objects that the index of a pack lists, and the sum of the pack
// (https://git-scm.com/docs/pack-format).
func idsOf(index []byte) (ids []string, pack string, ok bool) {
	const header = 8 + 256*4
	if len(index) < header+2*sha1.Size || !bytes.HasPrefix(index, []byte("\377tOc\000\000\000\002")) || !summed(index) {
		return nil, "", false
	}
	n := int(binary.BigEndian.Uint32(index[header-4:]))
	if len(index) < header+n*sha1.Size+2*sha1.Size {
		return nil, "", false
	}
	for i := range n {
		at := header + i*sha1.Size
		ids = append(ids, hex.EncodeToString(index[at:at+sha1.Size]))
	}
	return ids, hex.EncodeToString(index[len(index)-2*sha1.Size : len(index)-sha1.Size]), true
}

// loose reads the commit of a branch that is in no pack.
func (s site) loose(ctx context.Context, branch, id string) error {
	name := gitDir + "/objects/" + id[:2] + "/" + id[2:]
	there, err := s.has(ctx, name)
	if err != nil {
		return err
	}
	if !there {
		return s.mixed(gitDir+"/objects/info/packs", "info/refs", "neither is %s of %s in a pack nor by itself", id, branch)
	}
	data, err := s.get(ctx, name)
	if err != nil {
		return err
	}
	in, err := zlib.NewReader(bytes.NewReader(data))
	if err == nil {
		data, err = io.ReadAll(in)
	}
	if sum := sha1.Sum(data); err != nil || hex.EncodeToString(sum[:]) != id {
		return s.broken(name, "it is another object: %x (%v)", sum, err)
	}
	return nil
}
