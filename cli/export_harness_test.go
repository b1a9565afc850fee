package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"metabench/config"
	"metabench/corpus"
	"metabench/internal/demo"
	"metabench/internal/hubtest"
)

// taskFile is lm-evaluation-harness's task configuration as its documentation
// describes it, with the types that it expects. A key that is not here makes the
// harness refuse the file.
type taskFile struct {
	Task             string         `yaml:"task"`
	TaskAlias        string         `yaml:"task_alias"`
	Tag              any            `yaml:"tag"`
	DatasetPath      string         `yaml:"dataset_path"`
	DatasetName      *string        `yaml:"dataset_name"`
	DatasetKwargs    map[string]any `yaml:"dataset_kwargs"`
	TrainingSplit    *string        `yaml:"training_split"`
	ValidationSplit  *string        `yaml:"validation_split"`
	TestSplit        string         `yaml:"test_split"`
	FewshotSplit     *string        `yaml:"fewshot_split"`
	ProcessDocs      any            `yaml:"process_docs"`
	DocToText        string         `yaml:"doc_to_text"`
	DocToTarget      string         `yaml:"doc_to_target"`
	DocToChoice      *string        `yaml:"doc_to_choice"`
	ProcessResults   any            `yaml:"process_results"`
	UsePrompt        *string        `yaml:"use_prompt"`
	Description      *string        `yaml:"description"`
	TargetDelimiter  *string        `yaml:"target_delimiter"`
	FewshotDelimiter *string        `yaml:"fewshot_delimiter"`
	FewshotConfig    map[string]any `yaml:"fewshot_config"`
	NumFewshot       int            `yaml:"num_fewshot"`
	OutputType       string         `yaml:"output_type"`
	Repeats          *int           `yaml:"repeats"`
	Metadata         map[string]any `yaml:"metadata"`
	Generation       *struct {
		Until       []string `yaml:"until"`
		DoSample    bool     `yaml:"do_sample"`
		Temperature float64  `yaml:"temperature"`
		MaxGenToks  int      `yaml:"max_gen_toks"`
	} `yaml:"generation_kwargs"`
	Filters []struct {
		Name   string           `yaml:"name"`
		Filter []map[string]any `yaml:"filter"`
	} `yaml:"filter_list"`
	Metrics []struct {
		Metric          string   `yaml:"metric"`
		Aggregation     string   `yaml:"aggregation"`
		HigherIsBetter  bool     `yaml:"higher_is_better"`
		IgnoreCase      bool     `yaml:"ignore_case"`
		IgnorePunct     bool     `yaml:"ignore_punctuation"`
		RegexesToIgnore []string `yaml:"regexes_to_ignore"`
	} `yaml:"metric_list"`
}

// groupFile is a group's configuration.
type groupFile struct {
	Group     string         `yaml:"group"`
	Alias     *string        `yaml:"group_alias"`
	Task      []string       `yaml:"task"`
	Aggregate []any          `yaml:"aggregate_metric_list"`
	Metadata  map[string]any `yaml:"metadata"`
}

// exportedRow is a document of an exported task.
type exportedRow struct {
	Item         string   `json:"item"`
	Benchmark    string   `json:"benchmark"`
	Form         string   `json:"form"`
	Permuted     bool     `json:"permuted"`
	OriginalHash string   `json:"original_hash"`
	Prompt       string   `json:"prompt"`
	Choices      []string `json:"choices"`
	Gold         int      `json:"gold"`
	Target       string   `json:"target"`
}

func decodeStrictly(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readGroup reads an exported directory as lm-evaluation-harness would, strictly, and
// returns its documents by task.
func readGroup(dir string) (map[string][]exportedRow, error) {
	groups, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	// The group's name is what its tasks' names begin with.
	slices.SortFunc(groups, func(a, b string) int { return len(a) - len(b) })
	if len(groups) < 2 {
		return nil, fmt.Errorf("%s holds %d configurations", dir, len(groups))
	}
	var group groupFile
	if err := decodeStrictly(groups[0], &group); err != nil {
		return nil, err
	}
	if group.Group+".yaml" != filepath.Base(groups[0]) || len(group.Task) != len(groups)-1 {
		return nil, fmt.Errorf("group %q of tasks %v in %d files", group.Group, group.Task, len(groups))
	}
	all := map[string][]exportedRow{}
	for _, name := range group.Task {
		var task taskFile
		if err := decodeStrictly(filepath.Join(dir, name+".yaml"), &task); err != nil {
			return nil, err
		}
		if task.Task != name {
			return nil, fmt.Errorf("%s.yaml is of task %q", name, task.Task)
		}
		if all[name], err = task.read(); err != nil {
			return nil, fmt.Errorf("task %s: %w", name, err)
		}
	}
	return all, nil
}

// read checks a task's settings and reads its documents.
func (task *taskFile) read() ([]exportedRow, error) {
	files, _ := task.DatasetKwargs["data_files"].(map[string]any)
	path, _ := files[task.TestSplit].(string)
	if task.DatasetPath != "json" || !filepath.IsAbs(path) || task.NumFewshot != 0 || task.Metadata["version"] == nil {
		return nil, fmt.Errorf("reads %q of %s, %d shots, metadata %v", path, task.DatasetPath, task.NumFewshot, task.Metadata)
	}
	generates := task.OutputType == "generate_until"
	if !generates && task.OutputType != "multiple_choice" || generates == (task.DocToChoice != nil) || generates != (task.Generation != nil) {
		return nil, fmt.Errorf("output type %s with choices %v and generation %v", task.OutputType, task.DocToChoice, task.Generation)
	}
	if len(task.Metrics) == 0 {
		return nil, fmt.Errorf("no metrics")
	}
	for _, m := range task.Metrics {
		if !slices.Contains([]string{"acc", "acc_norm", "exact_match"}, m.Metric) || m.Aggregation != "mean" || !m.HigherIsBetter ||
			generates != (m.Metric == "exact_match") {
			return nil, fmt.Errorf("metric %+v", m)
		}
		for _, pattern := range m.RegexesToIgnore {
			if _, err := regexp.Compile(pattern); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range task.Filters {
		for _, step := range f.Filter {
			pattern, _ := step["regex_pattern"].(string)
			if _, err := regexp.Compile(pattern); err != nil || f.Name == "" || (step["function"] == "regex") != (pattern != "") {
				return nil, fmt.Errorf("filter %s: %v, %w", f.Name, step, err)
			}
		}
	}
	return task.documents(path)
}

// documents reads the rows that a task asks and checks that each can be asked.
func (task *taskFile) documents(path string) ([]exportedRow, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var rows []exportedRow
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row exportedRow
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&row); err != nil {
			return nil, err
		}
		var document map[string]any
		if err := json.Unmarshal(lines.Bytes(), &document); err != nil {
			return nil, err
		}
		text, target := document[task.DocToText], document[task.DocToTarget]
		_, textIsIndex := text.(float64)
		switch {
		case row.Item == "" || len(row.OriginalHash) != 64 || text == nil || text == "" || target == nil || target == "":
			return nil, fmt.Errorf("incomplete row %s", lines.Text())
		case task.DocToChoice == nil:
			if !strings.Contains(row.Target, "#### ") {
				return nil, fmt.Errorf("item %s has the target %q", row.Item, row.Target)
			}
		case len(row.Choices) < 2 || slices.Contains(row.Choices, "") || row.Gold < 0 || row.Gold >= len(row.Choices):
			return nil, fmt.Errorf("item %s has choices %q, the right one %d", row.Item, row.Choices, row.Gold)
		case textIsIndex != (row.Target != ""): // partial scoring
			return nil, fmt.Errorf("item %s has the text %v and the target %q", row.Item, text, row.Target)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

// checkHarness is the script command `harness DIR TASKS QUESTIONS`: an exported group
// is complete and keeps to the harness's schema. It writes which items a task has,
// with their hashes, to DIR/TASK.csv.
func checkHarness(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: harness DIR TASKS QUESTIONS")
	}
	tasks, err := readGroup(ts.MkAbs(args[0]))
	ts.Check(err)
	questions := 0
	for name, rows := range tasks {
		questions += len(rows)
		text := "item,prompt_hash\n"
		for _, row := range rows {
			text += row.Item + "," + row.OriginalHash + "\n"
		}
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name+".csv"), []byte(text), 0o600))
	}
	if got := fmt.Sprintf("%d %d", len(tasks), questions); got != args[1]+" "+args[2] {
		ts.Fatalf("tasks and questions: %s", got)
	}
}

// serveReplica is the script command `replica CATALOGUE MODELS`: a replica of the Hub
// with simulated models on four small benchmarks, one of each style, whose catalogue
// it writes; HF_ENDPOINT points to it, and it ends with the script.
func serveReplica(ts *testscript.TestScript, neg bool, args []string) {
	var models int
	if n, err := fmt.Sscan(strings.Join(args[1:], ""), &models); neg || len(args) != 2 || n != 1 || err != nil {
		ts.Fatalf("usage: replica CATALOGUE MODELS")
	}
	all, err := config.Catalogue("")
	ts.Check(err)
	var few []corpus.Benchmark
	for _, b := range all {
		if slices.Contains([]string{"arc", "gsm8k", "mmlu", "winogrande"}, b.Name) {
			b.Tasks = b.Tasks[:min(3, len(b.Tasks))]
			few = append(few, b)
		}
	}
	few = hubtest.Scaled(few, 0.04, 20)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(catalogueFile(few)), 0o600))
	server, err := demo.NewHub(few, models)
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	ts.Setenv("HF_ENDPOINT", server.Endpoint())
}

// catalogueFile spells a catalogue as the file that the configuration names.
func catalogueFile(benchmarks []corpus.Benchmark) string {
	var b strings.Builder
	b.WriteString("benchmarks:\n")
	for _, bench := range benchmarks {
		fmt.Fprintf(&b, "  - name: %s\n    title: %s\n    metric: %s\n    shots: %d\n    options: %d\n    asked: %s\n    tasks:\n",
			bench.Name, bench.Name, bench.Metric, bench.Shots, bench.Options, bench.Asked)
		for _, task := range bench.Tasks {
			fmt.Fprintf(&b, "      - {name: %s, harness: %q, items: %d}\n", task.Name, task.Harness, task.Items)
		}
	}
	return b.String()
}

// The checker itself must refuse what the harness would.
func TestReadGroupRefusesWhatTheHarnessWould(t *testing.T) {
	const group = "group: g\ntask: [g_arc]\nmetadata: {version: 1}\n"
	const task = "task: g_arc\ndataset_path: json\ndataset_kwargs: {data_files: {test: DIR/d.jsonl}}\ntest_split: test\n" +
		"output_type: multiple_choice\nnum_fewshot: 0\ndoc_to_text: prompt\ndoc_to_choice: choices\ndoc_to_target: gold\n" +
		"metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]\nmetadata: {version: 1}\n"
	hash := strings.Repeat("0", 64)
	row := `{"item":"1","benchmark":"arc","form":"A","permuted":false,"original_hash":"` + hash + `","prompt":"?","choices":["a","b"],"gold":1,"target":""}`
	cases := map[string]struct {
		group, task, row string
		ok               bool
	}{
		"as_it_should_be": {group, task, row, true},
		"unknown_key":     {group, task + "prompt: x\n", row, false},
		"wrong_type":      {group, strings.Replace(task, "num_fewshot: 0", "num_fewshot: none", 1), row, false},
		"unknown_metric":  {group, strings.Replace(task, "metric: acc,", "metric: accuracy,", 1), row, false},
		"task_not_listed": {strings.Replace(group, "[g_arc]", "[]", 1), task, row, false},
		"no_column":       {group, strings.Replace(task, "doc_to_text: prompt", "doc_to_text: text", 1), row, false},
		"gold_beyond":     {group, task, strings.Replace(row, `"gold":1`, `"gold":2`, 1), false},
		"no_identity":     {group, task, strings.Replace(row, `"item":"1"`, `"item":""`, 1), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"g.yaml": c.group, "g_arc.yaml": strings.ReplaceAll(c.task, "DIR", dir), "d.jsonl": c.row + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := readGroup(dir); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}
