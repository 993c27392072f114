package profiles

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"

	"github.com/slipway-build/slipway/internal/config"
)

// A File is what a file of a profile can say: its tables and, in a project, whether
// they are added to those of Slipway's file of the same name.
type File[T any] struct {
	Extends string `yaml:"extends"` // "slipway", or nothing
	Tables  T      `yaml:",inline"`
}

// origin tells where the tables of a profile's file are from.
type origin struct {
	own, builtin *config.File   // the project's file and Slipway's; nil if it has no part in the tables
	rows         map[string]int // how many rows of a table are the project's
}

// read returns the tables of a profile's file, such as etcd/packages.yaml: from the
// project's folder profiles or, where there is none, from Slipway. Those of a
// project's file that extends Slipway's come first.
func read[T any](project, file string) (T, origin, error) {
	shown := path.Join("profiles", file)
	builtinData, missing := builtin.ReadFile(file)
	data, err := os.ReadFile(filepath.Join(project, filepath.FromSlash(shown)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return *new(T), origin{}, err
	}
	var from origin
	var own, slipways File[T]
	if err == nil {
		if from.own, err = config.Read(shown, data, &own); err != nil || !from.own.Has("extends") {
			return own.Tables, from, err
		}
		if faults := own.extendable(file, missing); faults != nil {
			return own.Tables, from, from.own.Check(faults)
		}
	} else if missing != nil {
		return own.Tables, from, missing
	}
	if from.builtin, err = config.Read(shown+" of Slipway", builtinData, &slipways); err != nil {
		return own.Tables, from, err
	}
	from.rows = extend(reflect.ValueOf(&own.Tables).Elem(), reflect.ValueOf(slipways.Tables))
	return own.Tables, from, nil
}

// extendable returns what is wrong with the file's key extends. missing is not nil if
// Slipway has no such file.
func (f File[T]) extendable(file string, missing error) []config.Fault {
	switch {
	case f.Extends != "slipway":
		return []config.Fault{config.Faultf("extends", "%q is nothing to extend: want slipway, or leave it out", f.Extends)}
	case missing != nil:
		return []config.Fault{config.Faultf("extends", "Slipway has no profiles/%s: leave this out", file)}
	}
	return nil
}

// extend adds to the tables of a project what Slipway's say: rows behind its rows,
// keys of a map that it does not have, and values that it does not set. It returns
// how many rows each table had.
func extend(own, slipways reflect.Value) map[string]int {
	rows := map[string]int{}
	for i := range own.NumField() {
		mine, other := own.Field(i), slipways.Field(i)
		switch {
		case !mine.CanSet():
		case mine.Kind() == reflect.Slice:
			rows[own.Type().Field(i).Tag.Get("yaml")] = mine.Len()
			mine.Set(reflect.AppendSlice(mine, other))
		case mine.Kind() == reflect.Map && !mine.IsNil():
			for _, key := range other.MapKeys() {
				if !mine.MapIndex(key).IsValid() {
					mine.SetMapIndex(key, other.MapIndex(key))
				}
			}
		case mine.IsZero():
			mine.Set(other)
		}
	}
	return rows
}

// check returns what is wrong with the tables as an error that names, for each fault,
// the file that has it.
func (o origin) check(faults []config.Fault) error {
	var owns, slipways []config.Fault
	for _, f := range faults {
		if table, row, rest := rowOf(f.Field); o.own == nil || o.builtin != nil && table != "" && row >= o.rows[table] {
			if table != "" {
				f.Field = table + "[" + strconv.Itoa(row-o.rows[table]) + "]" + rest
			}
			slipways = append(slipways, f)
		} else {
			owns = append(owns, f)
		}
	}
	var errs []error
	if o.own != nil {
		errs = append(errs, o.own.Check(owns))
	}
	if o.builtin != nil {
		errs = append(errs, o.builtin.Check(slipways))
	}
	return errors.Join(errs...)
}

var rowField = regexp.MustCompile(`^(\w+)\[(\d+)\](.*)$`)

// rowOf splits the field of a fault: packages[2].name. The table is "" if it is not
// in a row of one.
func rowOf(field string) (table string, row int, rest string) {
	m := rowField.FindStringSubmatch(field)
	if m == nil {
		return "", 0, ""
	}
	row, _ = strconv.Atoi(m[2]) // its digits count rows that exist
	return m[1], row, m[3]
}

// layers are folders of which an upper one's file hides that of the same name below.
type layers struct {
	shown   string // their path, for errors
	folders []fs.FS
}

// Open opens the uppermost file of that name.
func (l layers) Open(name string) (fs.File, error) {
	for _, folder := range l.folders {
		if f, err := folder.Open(name); !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: path.Join(l.shown, name), Err: fs.ErrNotExist}
}
