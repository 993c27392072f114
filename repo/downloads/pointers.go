package downloads

import (
	"fmt"
	"path"

	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/version"
)

// latest is the name of the pointers to what is newest in the first channel.
const latest = "latest"

// Pointers returns the files that name the newest version: CHANNEL.txt, CHANNEL-1.txt and
// CHANNEL-1.36.txt of each channel, and latest.txt, latest-1.txt and latest-1.36.txt of the
// first. channels are the versions in each, in any order. As those of dl.k8s.io, a file is the
// version with a v in front, and no end of line.
func Pointers(folder string, channels map[string][]string, first string) ([]tree.File, error) {
	var all []tree.File
	for channel, versions := range channels {
		files, err := pointers(folder, channel, versions)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	if _, ok := channels[latest]; !ok {
		files, err := pointers(folder, latest, channels[first])
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return tree.Merge(all)
}

// Pointer returns the name of the file with the newest version of a channel: stable.txt, or of one
// minor version such as 1.36: stable-1.36.txt.
func Pointer(channel, minor string) string {
	if minor == "" {
		return channel + ".txt"
	}
	return channel + "-" + minor + ".txt"
}

func pointers(folder, channel string, versions []string) ([]tree.File, error) {
	newest := map[string]string{}
	for _, one := range versions {
		v, err := version.Parse(one)
		if err != nil {
			return nil, fmt.Errorf("channel %s of %s: %w", channel, folder, err)
		}
		parts := v.Fields()
		for _, minor := range []string{"", fmt.Sprint(parts.Major), fmt.Sprintf("%d.%d", parts.Major, parts.Minor)} {
			name := Pointer(channel, minor)
			if was, ok := newest[name]; !ok || version.CompareRevisions(one, was) > 0 {
				newest[name] = one
			}
		}
	}
	var out []tree.File
	for name, v := range newest {
		out = append(out, tree.Of(tree.Commit, path.Join(folder, name), []byte("v"+v)))
	}
	return out, nil
}
