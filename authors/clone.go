package authors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"metabench/corpus"
	"metabench/harness"
	"metabench/rdata"
	"metabench/score"
)

// sizes are the items that the published forms have: the tasks metabench_* and
// metabench_*_secondary of lm-evaluation-harness ask as many.
var sizes = map[harness.Form]map[string]int{
	harness.FormA: {"arc": 145, "gsm8k": 237, "hellaswag": 93, "mmlu": 96, "truthfulqa": 154, "winogrande": 133},
	harness.FormB: {"arc": 100, "gsm8k": 249, "hellaswag": 58, "mmlu": 102, "truthfulqa": 136, "winogrande": 106},
}

// Clone is what a clone of the repository has of the forms.
type Clone struct {
	Forms  map[harness.Form][]score.Answered // in the catalogue's order
	Lacks  map[harness.Form][]string         // benchmarks without usable objects
	Passed []string                          // files that hold another selection, or can't be used, and why
}

// The objects' names: a reduced item response model, or a linear model of a score.
// Those of form A end in -v2.
var (
	reducedName = regexp.MustCompile(`^([a-z0-9]+)-[234]PL-[A-Za-z]+-[0-9.]+-seed=1(-v2)?\.rds$`)
	linearName  = regexp.MustCompile(`^lm-([a-z0-9]+)-seed=1(-v2)?\.rds$`)
)

// object is a file that may hold answers to a benchmark's form.
type object struct {
	path      string
	benchmark string
	form      harness.Form
	read      func(*rdata.Value) (*answers, error)
}

// Read reads the objects of a clone of adkipnis/metabench. Where several of a benchmark
// and form hold the published selection, their models add up. It is an error if nothing
// of any form is there; what is absent is named in the result.
func Read(ctx context.Context, dir string, catalogue []corpus.Benchmark) (*Clone, error) {
	objects, err := find(dir)
	if err != nil {
		return nil, err
	}
	c := &Clone{Forms: map[harness.Form][]score.Answered{}, Lacks: map[harness.Form][]string{}}
	keys := map[string]map[harness.Form][]string{}
	for _, form := range []harness.Form{harness.FormA, harness.FormB} {
		for _, b := range catalogue {
			if sizes[form][b.Name] == 0 {
				continue
			}
			all, err := c.read(ctx, objects, b.Name, form)
			if err != nil {
				return nil, err
			}
			if all == nil {
				c.Lacks[form] = append(c.Lacks[form], b.Name)
				continue
			}
			a, err := all.answered(b)
			if err != nil {
				return nil, err
			}
			if keys[b.Name] == nil {
				keys[b.Name] = map[harness.Form][]string{}
			}
			keys[b.Name][form] = a.Table.Items
			c.Forms[form] = append(c.Forms[form], a)
		}
	}
	if len(c.Forms) == 0 {
		return nil, c.empty(dir)
	}
	for form, of := range c.Forms {
		for k := range of {
			of[k].Others = map[harness.Form][]string{}
			for other, items := range keys[of[k].Benchmark.Name] {
				if other != form {
					of[k].Others[other] = items
				}
			}
		}
	}
	return c, nil
}

func (c *Clone) empty(dir string) error {
	e := &corpus.DataError{Kind: corpus.KindEmpty, File: dir, Reason: "no published answers are there",
		Remedy: "Give the directory of a clone of github.com/adkipnis/metabench, which has analysis/reduced and analysis/lms; files that Git LFS holds need git lfs pull"}
	if len(c.Passed) > 0 {
		e.Remedy += ". Passed over: " + strings.Join(c.Passed, "; ")
	}
	return e
}

// find lists the objects of a clone, in order of their names.
func find(dir string) ([]object, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	var objects []object
	for _, kind := range []struct {
		sub  string
		name *regexp.Regexp
		read func(*rdata.Value) (*answers, error)
	}{{"reduced", reducedName, readReduced}, {"lms", linearName, readLinear}} {
		entries, err := os.ReadDir(filepath.Join(dir, "analysis", kind.sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, entry := range entries {
			m := kind.name.FindStringSubmatch(entry.Name())
			if m == nil || entry.IsDir() {
				continue
			}
			o := object{path: filepath.Join(dir, "analysis", kind.sub, entry.Name()), benchmark: m[1], form: harness.FormB, read: kind.read}
			if m[2] != "" {
				o.form = harness.FormA
			}
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// read reads all that is there of a benchmark's form; nil if there is nothing.
func (c *Clone) read(ctx context.Context, objects []object, benchmark string, form harness.Form) (*answers, error) {
	var all *answers
	for _, o := range objects {
		if o.benchmark != benchmark || o.form != form {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := o.open()
		var pointer *lfsError
		if errors.As(err, &pointer) {
			c.Passed = append(c.Passed, err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		a, err := o.read(v)
		if err != nil {
			return nil, wrong(o.path, err, "the object isn't built as expected")
		}
		a.path = o.path
		if want := sizes[form][benchmark]; len(a.items) != want {
			c.Passed = append(c.Passed, fmt.Sprintf("%s has %d items, the published form %s has %d", o.path, len(a.items), form, want))
			continue
		}
		if all == nil {
			all = a
			continue
		}
		if err := all.add(a); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// lfsError says that a file is only a pointer to what Git LFS holds.
type lfsError struct{ path string }

func (e *lfsError) Error() string {
	return e.path + " is a pointer of Git LFS (git lfs pull fetches it)"
}

// open reads the file's object.
func (o object) open() (v *rdata.Value, err error) {
	f, err := os.Open(o.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head[:n], []byte("version https://git-lfs")) {
		return nil, &lfsError{o.path}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if v, err = rdata.Read(f, rdata.Limits{}); err != nil {
		return nil, &corpus.DataError{Kind: corpus.KindFormat, File: o.path, Reason: "the object can't be read", Err: err, Remedy: "Check it out again: git checkout -- FILE"}
	}
	return v, nil
}

// sorted are the models of a map, in order.
func sorted(scores map[string]float64) []string {
	models := make([]string, 0, len(scores))
	for m := range scores {
		models = append(models, m)
	}
	slices.Sort(models)
	return models
}
