package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/mholt/archives"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/run"
)

// formats are the archives that an upstream can be, by the end of their name.
func formats() map[string]archives.Extractor {
	tarred := func(c archives.Decompressor) archives.Extractor {
		return archives.CompressedArchive{Extraction: archives.Tar{}, Compression: c.(archives.Compression)}
	}
	return map[string]archives.Extractor{
		".tar.gz": tarred(archives.Gz{}), ".tgz": tarred(archives.Gz{}), ".tar.xz": tarred(archives.Xz{}),
		".tar.zst": tarred(archives.Zstd{}), ".tar.bz2": tarred(archives.Bz2{}), ".zip": archives.Zip{},
	}
}

// formatOf returns the format that an archive's name ends in.
func formatOf(location string) (archives.Extractor, bool) {
	if u, err := url.Parse(location); err == nil && u.Scheme != "" {
		location = u.Path
	}
	for suffix, format := range formats() {
		if strings.HasSuffix(location, suffix) {
			return format, true
		}
	}
	return nil, false
}

var sha256Digits = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (u Upstream) validArchive() []config.Fault {
	faults := validRepository("archive", u.Archive)
	if _, ok := formatOf(u.Archive); !ok {
		suffixes := []string{".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2", ".zip"}
		faults = append(faults, config.Faultf("archive", "the name of %s has no known suffix: want one that ends in %s",
			run.Redact(u.Archive), strings.Join(suffixes, ", ")))
	}
	switch {
	case u.SHA256 == "":
		faults = append(faults, config.Faultf("sha256", "is missing: write the 64 hex digits of the archive's SHA-256"))
	case !sha256Digits.MatchString(u.SHA256):
		faults = append(faults, config.Faultf("sha256", "%q is not a SHA-256: want 64 hex digits in lower case", u.SHA256))
	}
	if u.Strip < 0 {
		faults = append(faults, config.Faultf("strip", "want the number of leading folders to remove, 0 or more"))
	}
	return faults
}

// fetchArchive downloads an archive, if it lies elsewhere, and lays it out.
func (f Fetcher) fetchArchive(ctx context.Context, u Upstream, dst string) (Tree, error) {
	shown := run.Redact(u.Archive)
	name := u.Archive
	if isRemote.MatchString(name) {
		var err error
		if name, err = f.download(ctx, u); err != nil {
			return Tree{}, fmt.Errorf("downloading %s: %w", shown, err)
		}
	} else if !filepath.IsAbs(name) {
		name = filepath.Join(f.Dir, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return Tree{}, err
	}
	defer file.Close()
	if err := checkSum(file, shown, u.SHA256); err != nil {
		return Tree{}, err
	}
	format, _ := formatOf(u.Archive)
	unpacked, err := unpack(ctx, archive{file, format, u.Strip, limits()}, dst)
	if err != nil {
		return Tree{}, fmt.Errorf("unpacking %s: %w", shown, err)
	}
	return unpacked, nil
}

// checkSum compares a file, which is called name in errors, with its digest, and
// goes back to its beginning.
func checkSum(file *os.File, name, want string) error {
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s is not the pinned archive\n    expected  sha256:%s\n    found     sha256:%s\n"+
			"  If it is the one you want, change upstream.sha256", name, want, got)
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}

// download fetches an archive into the cache and returns its path there. It
// continues a transfer that broke off.
func (f Fetcher) download(ctx context.Context, u Upstream) (string, error) {
	whole := filepath.Join(f.Cache, "archives", u.SHA256)
	if _, err := os.Stat(whole); err == nil {
		return whole, nil
	}
	if err := os.MkdirAll(filepath.Dir(whole), 0o755); err != nil {
		return "", err
	}
	part, err := os.OpenFile(whole+".part", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	defer part.Close()
	if err := f.transfer(ctx, u, part); err != nil {
		return "", err
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := checkSum(part, "it", u.SHA256); err != nil {
		return "", errors.Join(err, os.Remove(part.Name()))
	}
	return whole, os.Rename(part.Name(), whole)
}

// transfer fetches the rest of an archive that part has the beginning of.
func (f Fetcher) transfer(ctx context.Context, u Upstream, part *os.File) error {
	had, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Archive, nil)
	if err != nil {
		return err
	}
	if had > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", had))
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New(run.Redact(err.Error()))
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusPartialContent:
	case http.StatusRequestedRangeNotSatisfiable: // all of it is here
		return nil
	case http.StatusOK:
		if had, err = 0, part.Truncate(0); err != nil {
			return err
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return err
		}
	default:
		return fmt.Errorf("the server answered %s", res.Status)
	}
	var all int64
	if res.ContentLength > 0 {
		all = had + res.ContentLength
	}
	progress := f.Events.Bytes(event.Event{Stage: "source", Subject: run.Redact(u.Archive)}, had, all)
	_, err = io.Copy(io.MultiWriter(part, progress), res.Body)
	return err
}
