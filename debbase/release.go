package debbase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// largestRelease is far above what Debian's Release files have, 0.2 MB. It
// bounds what is read before a signature is checked.
const largestRelease = 16 << 20

// release returns the suite's Release file, after it has checked that the signature is
// good and that the file is valid at a time.
func (a Archive) release(ctx context.Context, at time.Time) (map[string]string, error) {
	text, err := a.signed(ctx, at)
	if err != nil {
		return nil, err
	}
	var fields map[string]string
	err = paragraphs(bytes.NewReader(text), func(f map[string]string) error {
		if fields != nil {
			return errors.New("it has more than one paragraph")
		}
		fields = f
		return nil
	})
	if err == nil {
		err = a.checkValid(fields, at)
	}
	if err != nil {
		return nil, fmt.Errorf("the Release file of %s: %w", a.at("dists/"+a.Suite), err)
	}
	return fields, nil
}

// checkValid checks that a Release file is for this suite, since the same keys sign all
// suites of an archive, and that it is valid at a time.
func (a Archive) checkValid(release map[string]string, at time.Time) error {
	if a.Suite != release["Suite"] && a.Suite != release["Codename"] {
		return fmt.Errorf("it is for the suite %q, code name %q, not for %s: correct the suite or the URL",
			release["Suite"], release["Codename"], a.Suite)
	}
	made, err := time.Parse(time.RFC1123, release["Date"])
	if err != nil {
		return fmt.Errorf("its Date is not a time: %w", err)
	}
	if at.Before(made) {
		return fmt.Errorf("it is from %s, after %s: correct the clock or the date, or use an older snapshot",
			made.Format(time.RFC3339), at.Format(time.RFC3339))
	}
	until, ok := release["Valid-Until"]
	if !ok {
		return nil
	}
	end, err := time.Parse(time.RFC1123, until)
	if err != nil {
		return fmt.Errorf("its Valid-Until is not a time: %w", err)
	}
	if at.After(end) {
		return fmt.Errorf("it was valid until %s: use a mirror that is up to date, or the date of the snapshot that you want",
			end.Format(time.RFC3339))
	}
	return nil
}

// signed returns the part of the suite's Release file that a key has signed.
func (a Archive) signed(ctx context.Context, at time.Time) ([]byte, error) {
	keys, err := readKeyring(a.Keyring)
	if err != nil {
		return nil, fmt.Errorf("the keyring for %s: %w", a.URL, err)
	}
	dist := "dists/" + a.Suite + "/"
	in, inErr := a.read(ctx, dist+"InRelease", largestRelease)
	if inErr == nil {
		// Only the block counts: nobody has signed the text around it.
		block, _ := clearsign.Decode(in)
		if block == nil {
			return nil, fmt.Errorf("%s is not signed: does a proxy answer for the archive?", a.at(dist+"InRelease"))
		}
		return block.Bytes, a.verify(keys, dist+"InRelease", block.Bytes, block.ArmoredSignature.Body, at)
	}
	text, err := a.read(ctx, dist+"Release", largestRelease)
	if err != nil {
		return nil, fmt.Errorf("%w\n  nor %w\n  Check the archive's URL and suite", inErr, err)
	}
	sig, err := a.read(ctx, dist+"Release.gpg", largestRelease)
	if err != nil {
		return nil, err
	}
	var body io.Reader = bytes.NewReader(sig)
	if block, err := armor.Decode(bytes.NewReader(sig)); err == nil {
		body = block.Body
	}
	return text, a.verify(keys, dist+"Release.gpg", text, body, at)
}

// verify checks that one of the signatures is good, and that its key is valid. Debian
// signs with the keys of two releases, so others may be unknown or expired.
func (a Archive) verify(keys openpgp.EntityList, name string, text []byte, sig io.Reader, at time.Time) error {
	config := &packet.Config{Time: func() time.Time { return at }}
	md, err := openpgp.VerifyDetachedSignatureReader(keys, bytes.NewReader(text), sig, config)
	if err == nil {
		_, err = io.Copy(io.Discard, md.UnverifiedBody)
	}
	if err != nil {
		return fmt.Errorf("%s: its signature cannot be read: %w", a.at(name), err)
	}
	var why []string
	for _, c := range md.SignatureCandidates {
		reason := "it has expired or was revoked"
		if c.SignatureError != nil {
			reason = c.SignatureError.Error()
		} else if _, ok := c.SignedByEntity.SigningKeyById(at, c.IssuerKeyId, config); ok {
			return nil
		}
		why = append(why, fmt.Sprintf("\n    key %016X: %s", c.IssuerKeyId, reason))
	}
	return fmt.Errorf("%s has no good signature by a key of the keyring at %s%s\n"+
		"  If the archive has new keys, add them to the keyring once you trust them",
		a.at(name), at.Format(time.RFC3339), strings.Join(why, ""))
}

// readKeyring reads keys: binary, or any number of armored blocks.
func readKeyring(data []byte) (openpgp.EntityList, error) {
	const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	blocks := strings.Split(string(data), begin)
	if len(blocks) == 1 {
		return some(openpgp.ReadKeyRing(bytes.NewReader(data)))
	}
	var keys openpgp.EntityList
	for _, b := range blocks[1:] {
		more, err := openpgp.ReadArmoredKeyRing(strings.NewReader(begin + b))
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	return some(keys, nil)
}

// some returns an error for a keyring without a key.
func some(keys openpgp.EntityList, err error) (openpgp.EntityList, error) {
	if err == nil && len(keys) == 0 {
		err = errors.New("it has no OpenPGP key: want the archive's public keys, armored or binary")
	}
	return keys, err
}

// index reads the list of a component's packages for an architecture, which the
// Release file pins.
func (a Archive) index(ctx context.Context, release map[string]string, component, arch string,
	each func(map[string]string) error) error {
	words := strings.Fields(release["SHA256"])
	for _, ext := range []string{".xz", ".gz"} {
		name := component + "/binary-" + arch + "/Packages" + ext
		i := slices.Index(words, name)
		if i < 2 {
			continue
		}
		size, err := strconv.ParseInt(words[i-1], 10, 64)
		if err != nil {
			return fmt.Errorf("the Release file of %s: %s has a size that is not a number", a.at("dists/"+a.Suite), name)
		}
		data, err := a.indexFile(ctx, release, name, size, words[i-2])
		if err != nil {
			return err
		}
		in, err := decompress(name, bytes.NewReader(data))
		if err == nil {
			err = paragraphs(in, each)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.at("dists/"+a.Suite+"/"+name), err)
		}
		return nil
	}
	return fmt.Errorf("%s has no packages of %s for %s: it has the components %q and the architectures %q",
		a.at("dists/"+a.Suite), component, arch, release["Components"], release["Architectures"])
}

// indexFile downloads a file that the Release file pins. By its digest it can be had
// even while a mirror changes, but snapshots have it only by its name.
func (a Archive) indexFile(ctx context.Context, release map[string]string, name string, size int64,
	sum string) ([]byte, error) {
	paths := []string{"dists/" + a.Suite + "/" + name}
	if release["Acquire-By-Hash"] == "yes" {
		paths = []string{paths[0][:strings.LastIndex(paths[0], "/")] + "/by-hash/SHA256/" + sum, paths[0]}
	}
	var errs []error
	for _, p := range paths {
		data, err := a.read(ctx, p, size)
		if err == nil {
			if err = copyExactly(io.Discard, bytes.NewReader(data), size, sum); err == nil {
				return data, nil
			}
			err = fmt.Errorf("%s: %w\n  Try again: mirrors change while they are read", a.at(p), err)
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// decompress reads a file that is compressed as its name says.
func decompress(name string, r io.Reader) (io.Reader, error) {
	switch {
	case strings.HasSuffix(name, ".xz"):
		return xz.NewReader(r, 0) // several times as fast as ulikunitz's, which matters for an index of 50 MB
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewReader(r)
	case strings.HasSuffix(name, ".zst"):
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) // which leaves no goroutine behind
	case strings.HasSuffix(name, ".tar"):
		return r, nil
	}
	return nil, fmt.Errorf("%s has an unknown compression: want xz, gz or zst", name)
}
