// Package bucket is what object stores have in common: the headers of an object, content that is
// checked before it is sent, connections, and waiting before another attempt.
package bucket

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// Digest is the name of the metadata, without a store's prefix, that has an object's SHA-256.
const Digest = "sha256"

// Key returns the name of the object for a path of the repository.
func Key(prefix, path string) string {
	if prefix == "" {
		return path
	}
	return prefix + "/" + path
}

// Prefix returns the part of a URL's path below the bucket, without slashes around it.
func Prefix(urlPath string) string { return strings.Trim(path.Clean("/"+urlPath), "/") }

// CacheControl says how long caches may keep an object. The head is not kept at all: it is what
// the next publisher compares.
func CacheControl(class tree.Class, path string) string {
	switch {
	case path == publish.HeadFile:
		return "no-cache"
	case class == tree.Content:
		return "public, max-age=31536000, immutable"
	}
	return "public, max-age=60"
}

// text is what a browser shows.
const text = "text/plain; charset=utf-8"

// types are the media types by the end of a file's name. The system's table is not used, so that
// the headers are the same wherever they are made.
func types() map[string]string {
	return map[string]string{
		".deb": "application/vnd.debian.binary-package", ".rpm": "application/x-rpm",
		".gz": "application/gzip", ".tgz": "application/gzip", ".xz": "application/x-xz", ".zst": "application/zstd",
		".tar": "application/x-tar", ".zip": "application/zip", ".gpg": "application/pgp-signature",
		".json": "application/json", ".xml": "application/xml", ".yaml": "application/yaml",
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
		".txt": text, ".md": text, ".asc": text, ".repo": text, ".sources": text, ".sha256": text, ".sha512": text,
	}
}

// plain are the files without an ending that are text.
func plain() []string {
	return []string{"InRelease", "Release", "Packages", "mirrorlist", "SHA256SUMS", "SHA512SUMS", "Manifest", "HEAD"}
}

// ContentType returns the media type of a file. None says that content is encoded: a client gets
// the bytes that the repository's indexes have the digest of.
func ContentType(name string) string {
	switch known := types()[path.Ext(name)]; {
	case known != "":
		return known
	case slices.Contains(plain(), path.Base(name)):
		return text
	}
	return "application/octet-stream"
}

// Snapshot returns the snapshot that a head names, or "" if it cannot be read.
func Snapshot(head []byte) string {
	var read struct {
		Snapshot string `json:"snapshot"`
	}
	if json.Unmarshal(head, &read) != nil {
		return ""
	}
	return read.Snapshot
}
