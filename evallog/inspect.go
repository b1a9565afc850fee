package evallog

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"metabench/corpus"
	"metabench/harness"
)

// zstdMethod is zstd's number among the compressions of zip, which the library doesn't know.
const zstdMethod = 93

// maxEntry bounds a file of an archive, in bytes unpacked.
const maxEntry = 512 << 20

// inspectLog is what the header of an Inspect log says, and a log in JSON as a whole.
type inspectLog struct {
	Status string `json:"status"`
	Eval   struct {
		Task        string                     `json:"task"`
		TaskVersion json.RawMessage            `json:"task_version"`
		TaskArgs    json.RawMessage            `json:"task_args_passed"`
		Created     string                     `json:"created"`
		Model       string                     `json:"model"`
		ModelArgs   json.RawMessage            `json:"model_args"`
		Generate    json.RawMessage            `json:"model_generate_config"`
		Config      map[string]json.RawMessage `json:"config"`
		Packages    map[string]string          `json:"packages"`
		Dataset     struct {
			Samples   json.RawMessage   `json:"samples"`
			SampleIDs []json.RawMessage `json:"sample_ids"`
		} `json:"dataset"`
	} `json:"eval"`
	Samples []inspectSample `json:"samples"`
}

// inspectSample is a sample or its summary.
type inspectSample struct {
	ID     json.RawMessage `json:"id"`
	Epoch  int             `json:"epoch"`
	Input  json.RawMessage `json:"input"`
	Target json.RawMessage `json:"target"`
	Scores map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"scores"`
	Error json.RawMessage `json:"error"`
}

// isInspectArchive reports whether a zip archive is an Inspect log.
func isInspectArchive(f *os.File, size int64) bool {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return path.Ext(f.Name()) == ".eval" // a damaged one; the reader says what is wrong
	}
	return slices.ContainsFunc(z.File, func(e *zip.File) bool { return e.Name == "header.json" || e.Name == "_journal/start.json" })
}

// readInspectJSON reads a log in JSON.
func (rd *reader) readInspectJSON(path string) error {
	var l inspectLog
	first := true
	file, err := rd.each(path, func(object []byte, line int64) error {
		if !first {
			return io.EOF
		}
		first = false
		return decode(path, line, object, &l)
	})
	if err != nil {
		return err
	}
	return rd.addInspect(file, &l)
}

// archive is an Inspect log in its own format.
type archive struct {
	path    string
	entries map[string]*zip.File // a name that is there twice stands for the last
	names   []string
}

// readInspect reads a log in Inspect's own format, finished or not.
func (rd *reader) readInspect(file string) (err error) {
	in, err := open(file)
	if err != nil {
		return err
	}
	defer func() {
		if closing := in.f.Close(); err == nil {
			err = closing
		}
	}()
	origin, err := rd.origin(in)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(in.f, origin.Size)
	if err != nil {
		return &corpus.DataError{Kind: corpus.KindTruncated, File: file, Reason: "the archive can't be opened", Err: err,
			Remedy: "Copy it again; inspect log convert may recover what an interrupted run wrote"}
	}
	z.RegisterDecompressor(zstdMethod, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxEntry)))
	a := &archive{path: file, entries: map[string]*zip.File{}}
	for _, e := range z.File {
		if a.entries[e.Name] == nil {
			a.names = append(a.names, e.Name)
		}
		a.entries[e.Name] = e
	}
	var l inspectLog
	header := "header.json"
	if a.entries[header] == nil {
		header = "_journal/start.json"
	}
	if err := a.decode(header, &l); err != nil {
		return err
	}
	l.Status = cmp.Or(l.Status, "started")
	if l.Samples, err = a.samples(rd); err != nil {
		return err
	}
	return rd.addInspect(origin, &l)
}

// samples reads the summaries, which have all scores; those of the journal where the run has
// not ended; the samples themselves where there are none.
func (a *archive) samples(rd *reader) ([]inspectSample, error) {
	var all []inspectSample
	if a.entries["summaries.json"] != nil {
		return all, a.decode("summaries.json", &all)
	}
	slices.SortFunc(a.names, corpus.CompareKeys)
	for _, name := range a.names {
		if strings.HasPrefix(name, "_journal/summaries/") && strings.HasSuffix(name, ".json") {
			var some []inspectSample
			if err := a.decode(name, &some); err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	if all != nil {
		return all, nil
	}
	for _, name := range a.names {
		below, ok := strings.CutPrefix(name, "samples/")
		if !ok || !strings.HasSuffix(name, ".json") || strings.Contains(below, "/") && path.Base(below) != "sample.json" {
			continue
		}
		if err := rd.ctx.Err(); err != nil {
			return nil, err
		}
		var s inspectSample
		if err := a.decode(name, &s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// decode reads a file of the archive.
func (a *archive) decode(name string, v any) error {
	fail := func(kind corpus.Kind, err error) error {
		return &corpus.DataError{Kind: kind, File: a.path, Object: corpus.Clip(name, 200), Reason: "can't be read", Err: err,
			Remedy: "Copy the log again, or write it anew with inspect log convert"}
	}
	r, err := a.entries[name].Open()
	if err != nil {
		return fail(corpus.KindFormat, err)
	}
	content, err := io.ReadAll(io.LimitReader(r, maxEntry+1))
	if closing := r.Close(); err == nil {
		err = closing
	}
	switch {
	case err != nil:
		return fail(corpus.KindFormat, err)
	case len(content) > maxEntry:
		return fail(corpus.KindLimit, fmt.Errorf("more than %d bytes", maxEntry))
	}
	if err := json.Unmarshal(content, v); err != nil {
		if err = json.Unmarshal(harness.WithoutNaN(content), v); err != nil {
			return fail(corpus.KindFormat, err)
		}
	}
	return nil
}

// addInspect keeps the scores of a log. A sample that failed has none.
func (rd *reader) addInspect(file corpus.File, l *inspectLog) error {
	r := newRun(file, "inspect")
	r.task = path.Base(strings.TrimSuffix(l.Eval.Task, "/")) // "inspect_evals/arc_easy"
	r.model = modelName(l.Eval.Model, "", l.Eval.ModelArgs)
	if r.model == "" || l.Eval.Task == "" {
		return r.fault(0, corpus.KindName, "", "the log names no model or no task", "Give a log that Inspect wrote")
	}
	if at, err := time.Parse(time.RFC3339, l.Eval.Created); err == nil {
		r.file.Run = at.UTC()
	}
	r.describeInspect(l)
	for n := range l.Samples {
		s := &l.Samples[n]
		k, err := r.number(item{id: text(s.ID), hash: inspectHash(s)}, 0)
		if err != nil {
			return err
		}
		if text(s.Error) != "" {
			continue
		}
		for scorer, given := range s.Scores {
			if err := r.putInspect(k, measure{metric: scorer, epoch: strconv.Itoa(s.Epoch)}, given.Value); err != nil {
				return err
			}
		}
	}
	rd.runs = append(rd.runs, r)
	return nil
}

// putInspect keeps the value of a scorer: a letter, a number, a truth value, or an object of
// them, which are metrics of their own. Letters count as Inspect counts them: C is 1, P is 0.5,
// I and N, no answer, are 0.
func (r *run) putInspect(k int, m measure, value json.RawMessage) error {
	if len(value) > 0 && value[0] == '{' {
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(value, &parts); err != nil {
			return r.fault(0, corpus.KindFormat, r.items[k].id, "the score "+m.metric+" can't be decoded", "Copy the log again")
		}
		scorer := m.metric
		for name, part := range parts {
			m.metric = scorer + "/" + name
			if len(part) > 0 && part[0] == '{' {
				r.column(m).unread = corpus.Clip(string(part), 40)
			} else if err := r.putInspect(k, m, part); err != nil {
				return err
			}
		}
		return nil
	}
	v := text(value)
	if len(value) > 0 && value[0] == '"' {
		switch strings.ToLower(v) {
		case "c", "yes", "true":
			v = "1"
		case "p":
			v = "0.5"
		case "i", "n", "no", "false":
			v = "0"
		}
	}
	return r.putText(k, m, v, 0)
}

// inspectHash identifies a sample by the beginning of its input, as summaries cut the rest,
// and its target.
func inspectHash(s *inspectSample) string {
	var input strings.Builder
	var turns []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal(s.Input, &turns) == nil {
		for _, t := range turns {
			input.WriteString(t.Role + " " + messageText(t.Content) + "\n")
		}
	} else {
		input.WriteString(text(s.Input))
	}
	const most = 400
	if input.Len() == 0 {
		return ""
	}
	runes := []rune(strings.Join(strings.Fields(input.String()), " "))
	var target bytes.Buffer
	if json.Compact(&target, s.Target) != nil {
		target.Reset()
	}
	return corpus.QuestionHash(string(runes[:min(len(runes), most)]) + "\n" + target.String())
}

// messageText is the text of a message, which may have parts of other kinds.
func messageText(content json.RawMessage) string {
	var parts []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(content, &parts) != nil {
		return text(content)
	}
	var all []string
	for _, p := range parts {
		all = append(all, p.Text)
	}
	return strings.Join(all, " ")
}

func (r *run) describeInspect(l *inspectLog) {
	asked, err := strconv.Atoi(text(l.Eval.Dataset.Samples))
	if n := len(l.Eval.Dataset.SampleIDs); n > 0 {
		asked, err = n, nil
	}
	have := map[string]bool{}
	for k := range l.Samples {
		have[text(l.Samples[k].ID)] = true
	}
	if l.Status != "success" || err == nil && len(have) != asked {
		r.settings = append(r.settings, fmt.Sprintf("INCOMPLETE: status %s, %d of %d items", corpus.Clip(l.Status, 20), len(have), asked))
	}
	for _, s := range []struct{ name, value string }{
		{"inspect_ai", l.Eval.Packages["inspect_ai"]}, {"task version", text(l.Eval.TaskVersion)}, {"task arguments", text(l.Eval.TaskArgs)},
		{"limit", text(l.Eval.Config["limit"])}, {"epochs", text(l.Eval.Config["epochs"])}, {"generation", text(l.Eval.Generate)},
		{"arguments", harness.Arguments(l.Eval.ModelArgs)},
	} {
		if s.value != "" && s.value != "{}" {
			var line bytes.Buffer
			if json.Compact(&line, []byte(s.value)) != nil {
				line.Reset()
				line.WriteString(s.value)
			}
			r.settings = append(r.settings, s.name+" "+corpus.Clip(line.String(), 300))
		}
	}
}
