package repotest

import (
	"context"
	"path"
	"strings"
)

// readDownloads reads as a script with curl does: the newest version, its sums, and one file.
func readDownloads(ctx context.Context, v visit) error {
	data, err := v.get(ctx, "release/stable.txt")
	if err != nil {
		return err
	}
	dir := path.Join("release", strings.TrimSpace(string(data)))
	name := dir + "/SHA256SUMS"
	sums, err := v.get(ctx, name)
	if err != nil {
		return err
	}
	if v.verify.OpenPGP() {
		signature, err := v.get(ctx, name+".asc")
		if err != nil {
			return err
		}
		if _, err := v.verify.VerifyDetached(name, sums, signature); err != nil {
			return v.broken(name, "%v", err)
		}
	}
	listed := lines(sums)
	if len(listed) == 0 {
		return v.broken(name, "it lists nothing")
	}
	digest, file, ok := strings.Cut(pick(v, listed), "  ")
	if !ok {
		return v.broken(name, "it is not a list of sums")
	}
	_, err = v.compare(ctx, path.Join(dir, file), sum{by: name, size: -1, sha256: digest})
	return err
}
