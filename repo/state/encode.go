package state

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
)

// Schema is the version of the format of the state. A repository of a newer one is refused.
const Schema = 1

// SnapshotPath returns where a snapshot is.
func SnapshotPath(id string) string { return path.Join("state/snapshots", id+".json") }

// RecordPath returns where a record is, by its SHA-256.
func RecordPath(sum string) string { return path.Join("state/records", sum+".json.gz") }

// DecodeSnapshot reads a snapshot. name is its path, for errors too.
func DecodeSnapshot(name string, data []byte) (Snapshot, error) {
	var s Snapshot
	err := decode(name, data, &s, &s.Schema)
	if err == nil && SnapshotPath(s.ID) != name {
		err = fmt.Errorf("%s: it is snapshot %q", name, s.ID)
	}
	return s, err
}

func decode(name string, data []byte, into any, schema *int) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if *schema != Schema {
		return fmt.Errorf("%s: its format is %d, and this Slipway reads %d: a newer one wrote it", name, *schema, Schema)
	}
	return nil
}

// Encode returns the record's file, and its SHA-256.
func (r Record) Encode() (data []byte, sum string, err error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err = w.Write(plain); err == nil {
		err = w.Close()
	}
	digest := sha256.Sum256(plain)
	return out.Bytes(), hex.EncodeToString(digest[:]), err
}

// DecodeRecord reads a record, and checks that it is the one of a SHA-256.
func DecodeRecord(data []byte, sum string) (Record, error) {
	name := RecordPath(sum)
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", name, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", name, err)
	}
	if digest := sha256.Sum256(plain); hex.EncodeToString(digest[:]) != sum {
		return Record{}, fmt.Errorf("%s: it holds something else than its name says", name)
	}
	var out Record
	return out, decode(name, plain, &out, &out.Schema)
}
