package repotest

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// readApt reads a suite as apt does: its InRelease, one Packages by its hash, and one package.
func readApt(ctx context.Context, v visit, start string) error {
	data, err := v.get(ctx, start)
	if err != nil {
		return err
	}
	if v.verify.OpenPGP() {
		if data, _, err = v.verify.VerifyClear(start, data); err != nil {
			return v.broken(start, "%v", err)
		}
	}
	var indexes []string
	sums := aptSums(start, data)
	for name := range sums {
		if strings.HasPrefix(path.Base(name), "Packages") {
			indexes = append(indexes, name)
		}
	}
	if len(indexes) == 0 {
		return v.broken(start, "it lists no Packages")
	}
	index := pickSorted(v, indexes)
	at := path.Join(path.Dir(start), path.Dir(index), "by-hash/SHA256", sums[index].sha256)
	if data, err = v.compare(ctx, at, sums[index]); err != nil {
		return err
	}
	if data, err = v.plain(index, data); err != nil {
		return err
	}
	packages := strings.Split(strings.TrimSpace(string(data)), "\n\n")
	if packages[0] == "" {
		return nil // an architecture can be without any
	}
	return readDeb(ctx, v, at, pick(v, packages))
}

// readDeb reads the package of a paragraph of an index.
func readDeb(ctx context.Context, v visit, index, paragraph string) error {
	fields := map[string]string{}
	for line := range strings.Lines(paragraph) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	size, err := strconv.ParseInt(fields["Size"], 10, 64)
	if err != nil || fields["Filename"] == "" {
		return v.broken(index, "a package is without Filename or Size:\n%s", paragraph)
	}
	_, err = v.compare(ctx, "apt/"+fields["Filename"], sum{by: v.url + "/" + index, size: size, sha256: fields["SHA256"]})
	return err
}

// aptSums returns the files that a Release lists below SHA256.
func aptSums(name string, release []byte) map[string]sum {
	out := map[string]sum{}
	within := false
	for _, line := range lines(release) {
		if !strings.HasPrefix(line, " ") {
			within = strings.HasPrefix(line, "SHA256:")
			continue
		}
		s := sum{by: name}
		var file string
		if n, _ := fmt.Sscan(line, &s.sha256, &s.size, &file); within && n == 3 {
			out[file] = s
		}
	}
	return out
}
