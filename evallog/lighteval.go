package evallog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"metabench/corpus"
	"metabench/internal/parquetfile"
)

// detailsLimits are beyond every file of details in sight.
var detailsLimits = parquetfile.Limits{Footer: 16 << 20, List: 1 << 16, Structures: 1 << 20,
	Rows: 1 << 24, Column: 4 << 30, Page: 256 << 20, PageValues: 1 << 24}

// Names of the columns that hold structures, as versions of lighteval spell them. In files
// of 2023 and 2024 the question's parts are columns of their own.
var (
	metricColumns = []string{"metric", "__metric__", "metrics"}
	docColumns    = []string{"doc", "__doc__"}
	queryColumns  = []string{"query", "example", "full_prompt"}
)

// isDetails reports whether a Parquet file has lighteval's details: a structure of metrics.
func isDetails(f *os.File, size int64) bool {
	pf, err := parquetfile.Open(f, size, detailsLimits)
	if err != nil {
		return false // whoever reads it says what is wrong
	}
	return slices.ContainsFunc(pf.Schema().Columns(), func(path []string) bool {
		return len(path) > 1 && slices.Contains(metricColumns, path[0])
	})
}

// lightevalResults is what a results file says of the details of the same time.
type lightevalResults struct {
	General map[string]json.RawMessage `json:"config_general"`
}

func (l *lightevalResults) model() string {
	var config struct {
		Name     string          `json:"model_name"`
		Revision json.RawMessage `json:"revision"`
	}
	if raw := l.General["model_config"]; raw != nil && json.Unmarshal(raw, &config) == nil && config.Name != "" {
		if r := text(config.Revision); r != "" && r != "main" {
			return config.Name + "@" + r
		}
		return config.Name
	}
	return text(l.General["model_name"])
}

func (rd *reader) readLightevalResults(path string) error {
	l := &lightevalResults{}
	if err := decodeFile(rd.ctx, path, l); err != nil {
		return err
	}
	if _, at := nameParts(path); at != "" {
		if rd.lighteval == nil {
			rd.lighteval = map[string][]*lightevalResults{}
		}
		rd.lighteval[at] = append(rd.lighteval[at], l)
	}
	return nil
}

// details is a file under way.
type details struct {
	ctx  context.Context
	path string
	pf   *parquetfile.File
}

// readLighteval reads a file of details: a row an item.
func (rd *reader) readLighteval(path string) (err error) {
	in, err := open(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := in.f.Close(); err == nil {
			err = closing
		}
	}()
	file, err := rd.origin(in)
	if err != nil {
		return err
	}
	d := &details{ctx: rd.ctx, path: path}
	if d.pf, err = parquetfile.Open(in.f, file.Size, detailsLimits); err != nil {
		return d.fault(err)
	}
	r := newRun(file, "lighteval")
	name, at := nameParts(path)
	r.file.Run = harnessTime(at)
	r.model = rd.modelOfDetails(path, at)
	if err := d.fill(r, strings.TrimPrefix(name, "details_")); err != nil {
		return err
	}
	if r.model == "" || r.task == "" {
		return r.fault(0, corpus.KindName, "", "neither its directory nor a results file says which model answered, or its name which task",
			"Keep lighteval's own names, details/ORGANISATION/MODEL/TIME/details_TASK_TIME.parquet, and the results file of the same time")
	}
	rd.runs = append(rd.runs, r)
	return nil
}

// modelOfDetails is the model of the results file of the same time, else that of the
// directories: details/org/name/time, or details_org__name as on the Hub.
func (rd *reader) modelOfDetails(path, at string) string {
	if known := rd.lighteval[at]; at != "" && len(known) == 1 {
		if m := known[0].model(); m != "" {
			return m
		}
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	dirs := strings.Split(filepath.ToSlash(filepath.Dir(absolute)), "/")
	for k := len(dirs) - 1; k >= 0; k-- {
		if name, ok := strings.CutPrefix(dirs[k], "details_"); ok {
			return strings.Replace(strings.TrimSuffix(name, "_private"), "__", "/", 1)
		}
		if below := dirs[k+1:]; dirs[k] == "details" && len(below) >= 2 {
			return strings.Join(below[:min(2, len(below)-1)], "/")
		}
	}
	return ""
}

var taskShots = regexp.MustCompile(`\|(\d+)(?:\|\d+)?$`)

// setTask splits "lighteval|mmlu:anatomy|5" into suite, task and examples.
func (r *run) setTask(name string) {
	if m := taskShots.FindStringSubmatchIndex(name); m != nil {
		r.shots = name[m[2]:m[3]]
		name = name[:m[0]]
	}
	suite, task, ok := strings.Cut(name, "|")
	if !ok {
		r.task = name
		return
	}
	r.task = task
	r.settings = append(r.settings, "suite "+suite)
}

// fill reads the columns that are needed.
func (d *details) fill(r *run, name string) error {
	r.setTask(name)
	rows := int(d.pf.NumRows())
	ids, err := d.column(docColumns, "id")
	if err != nil {
		return err
	}
	var parts [][]string
	for _, names := range [][]string{queryColumns, {"choices"}, {"gold_index"}} {
		for _, n := range names {
			values, err := d.column(docColumns, n)
			if err == nil && values == nil {
				values, err = d.column(nil, n)
			}
			if err != nil {
				return err
			}
			if values != nil {
				parts = append(parts, values)
				break
			}
		}
	}
	for k := range rows {
		it := item{id: strconv.Itoa(k)}
		if ids != nil && ids[k] != "" {
			it.id = ids[k]
		}
		var content []string
		for _, p := range parts {
			content = append(content, p[k])
		}
		it.hash = corpus.QuestionHash(strings.Join(content, "\n"))
		if n, err := r.number(it, 0); err != nil {
			return err
		} else if n != k {
			return r.fault(0, corpus.KindDuplicate, it.id, "is there twice", "Give the details of one run")
		}
	}
	return d.metrics(r)
}

// metrics reads the scores. One that no row has belongs to another task.
func (d *details) metrics(r *run) error {
	for index, path := range d.pf.Schema().Columns() {
		if len(path) < 2 || !slices.Contains(metricColumns, path[0]) {
			continue
		}
		name := strings.Join(path[1:], ".")
		leaf, ok := d.pf.Schema().Lookup(path...)
		if !ok {
			continue
		}
		if leaf.MaxRepetitionLevel > 0 {
			r.column(measure{metric: strings.TrimSuffix(name, ".list.element")}).unread = "a list"
			continue
		}
		values, err := d.read(index)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			continue
		}
		for k, v := range values {
			if err := r.putText(k, measure{metric: name}, v, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// column reads the column of a name in one of several structures, or outside of them; nil
// if there is none.
func (d *details) column(structures []string, name string) ([]string, error) {
	for index, path := range d.pf.Schema().Columns() {
		inside := len(path) > 1 && slices.Contains(structures, path[0]) && path[1] == name
		if inside || structures == nil && path[0] == name {
			return d.read(index)
		}
	}
	return nil, nil
}

// read returns the values of a column by row, as text; those of a list are joined.
func (d *details) read(index int) ([]string, error) {
	var rows []string
	buffer := make([]parquet.Value, 256)
	for g, group := range d.pf.RowGroups() {
		if err := d.ctx.Err(); err != nil {
			return nil, err
		}
		meta, err := d.pf.Chunk(g, index)
		if err == nil {
			err = d.pf.CheckPages(meta)
		}
		if err == nil {
			err = d.pf.Guard(func() error {
				pages := group.ColumnChunks()[index].Pages()
				defer pages.Close() //nolint:errcheck // only read from
				rows, err = readPages(pages, rows, buffer)
				return err
			})
		}
		if err != nil {
			return nil, d.fault(err)
		}
	}
	if int64(len(rows)) != d.pf.NumRows() {
		return nil, d.fault(parquetfile.Errorf(parquetfile.Damaged, "a column of %d values in %d rows", len(rows), d.pf.NumRows()))
	}
	return rows, nil
}

func readPages(pages parquet.Pages, rows []string, buffer []parquet.Value) ([]string, error) {
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		values := page.Values()
		for err == nil {
			var n int
			n, err = values.ReadValues(buffer)
			for _, v := range buffer[:n] {
				if s := valueText(v); v.RepetitionLevel() == 0 || len(rows) == 0 {
					rows = append(rows, s)
				} else {
					rows[len(rows)-1] += "\n" + s
				}
			}
			if n == 0 && err == nil {
				err = io.ErrNoProgress
			}
		}
		parquet.Release(page)
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
}

func valueText(v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	case parquet.Int32, parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	case parquet.Float, parquet.Double:
		return strconv.FormatFloat(asDouble(v), 'g', -1, 64)
	}
	return string(v.ByteArray())
}

func asDouble(v parquet.Value) float64 {
	if v.Kind() == parquet.Float {
		return float64(v.Float())
	}
	return v.Double()
}

// fault says what is wrong with a file that can't be read as it is.
func (d *details) fault(err error) error {
	var e *parquetfile.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := corpus.KindFormat
	switch e.Kind {
	case parquetfile.Truncated:
		kind = corpus.KindTruncated
	case parquetfile.TooLarge:
		kind = corpus.KindLimit
	}
	return &corpus.DataError{Kind: kind, File: d.path, Reason: "the Parquet file can't be read", Err: err, Remedy: "Copy or download the file again"}
}
