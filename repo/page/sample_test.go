package page

import (
	"fmt"
	"strings"
)

func digest(n int) string { return "sha256:" + strings.Repeat(fmt.Sprintf("%02x", n), 32) }

// sample is a repository of two forks, with something of each kind.
func sample() Input {
	ship := Fork{ID: "ship-1.5", Minor: "1.5", Versions: []string{"1.5.0+acme.9", "1.5.0+acme.10"}}
	older := Fork{ID: "ship-1.4", Minor: "1.4", Versions: []string{"1.4.9+acme.1"}}
	anchor := Fork{ID: "anchor-0.10", Minor: "0.10", Versions: []string{"0.10.2"}}
	return Input{
		Name: "acme", Origin: "Acme", Description: "The ship, as Acme sails it", URL: "https://packages.example.org",
		Snapshot: "20261126T034500.000Z", Channels: []string{"candidate", "stable"}, Dated: true,
		Suites: []Suite{
			{Name: "ship-1.4", Channel: "stable", Forks: []Fork{older}, Debs: []string{"amd64"}},
			{Name: "ship-1.5-candidate", Channel: "candidate", Forks: []Fork{ship}, Debs: []string{"arm64", "amd64"},
				RPMs: []string{"x86_64", "aarch64"}, Revision: "1764128700-0a1b2c3d"},
			{Name: "ship-1.5", Channel: "stable", Forks: []Fork{ship, anchor}, Debs: []string{"arm64", "amd64"},
				RPMs: []string{"x86_64", "aarch64"}, Revision: "1764128700-ffee0011"},
		},
		Snapshots: []Snapshot{
			{ID: "20261101T010203.000Z", Time: "2026-11-01T01:02:03Z", Verb: "add", Args: []string{"ship-1.5", "1.5.0+acme.9"},
				Debs: []string{"ship-1.5"}, Revisions: map[string]string{"ship-1.5": "1761958923-01020304"}},
			{ID: "20261126T034500.000Z", Time: "2026-11-26T03:45:00Z", Verb: "promote", Args: []string{"candidate", "stable"},
				Debs: []string{"ship-1.5-candidate", "ship-1.5", "ship-1.4"}, Revisions: map[string]string{
					"ship-1.5": "1764128700-ffee0011", "ship-1.5-candidate": "1764128700-0a1b2c3d"}},
			{ID: "20261120T000000.000Z", Time: "2026-11-20T00:00:00Z", Verb: "resign"},
		},
		Keys: []Key{
			{Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Name: "Acme <releases@example.org>",
				Expires: "2028-01-01T00:00:00Z"},
			{Fingerprint: "FEDCBA9876543210FEDCBA9876543210FEDCBA98", Name: "Acme, the next <releases@example.org>"},
		},
		Keyring: true, Package: true,
		Overlay: Overlay{Name: "acme", Conf: "[acme]\nlocation = /var/db/repos/acme\nsync-type = git\n" +
			"sync-uri = https://packages.example.org/overlay.git\n"},
		Downloads: []Download{
			{Fork: anchor, Channel: "stable", Folder: "anchor", Pointer: "stable-0.10.txt"},
			{Fork: ship, Channel: "candidate", Folder: "release", Pointer: "candidate-1.5.txt", Program: "captain",
				Platform: "linux/amd64"},
			{Fork: ship, Channel: "stable", Folder: "release", Pointer: "stable-1.5.txt", Program: "captain",
				Platform: "linux/amd64"},
		},
		Images: []Image{
			{Name: "mate", Repository: "registry.example.org/acme/mate", Tag: "v1.5.0_acme.10", Digest: digest(1)},
			{Name: "captain", Repository: "registry.example.org/acme/captain", Tag: "v1.5.0_acme.10", Digest: digest(2)},
			{Name: "captain", Repository: "registry.example.org/acme/captain", Tag: "stable-1.5", Digest: digest(2)},
		},
	}
}
