package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"

	"metabench/analysis"
	"metabench/config"
	"metabench/corpus"
	"metabench/harness"
	"metabench/warehouse"
)

// exportHarnessOptions are the flags of `metabench export harness`.
type exportHarnessOptions struct {
	form       string
	release    string
	benchmarks []string
	bundle     string
	questions  []string
	permuted   bool
	seed       uint64
}

func newExportHarnessCommand(a *app) *cobra.Command {
	var o exportHarnessOptions
	cmd := &cobra.Command{
		Use:   "harness DIR [--release VERSION] [--form A|B] [--permuted] [--benchmark B]...",
		Short: "Write the selected items as a task group of lm-evaluation-harness",
		Long: `Write the selected items of the warehouse as a task group of lm-evaluation-harness:
tasks, questions with their examples, the group and a README, all in DIR. The harness
needs nothing else, no network and no code of its own.

What the items ask is read from the files on the Hub that their answers came from, the
first time and once only: refresh and demo do it too, so that an export needs no
network then. Answers that were imported come without questions. Sample logs of an
earlier evaluation of the same items, of whichever model (lm_eval --log_samples), may
lend theirs: --questions LOG.

Without a warehouse, --bundle FILE names the items and --questions LOG their texts.
--permuted puts the options of every question into another order.

The items are those of the newest release in use, or of the release that --release
names; tasks and group carry its version in their names and metadata. Without a release,
and with --release none, they are those that the last build selected.`,
		Example: `  metabench export harness tasks
  metabench export harness tasks-b --form B --permuted
  metabench export harness tasks --bundle metabench.bundle --questions results/samples_*.jsonl
  lm_eval --include_path tasks --tasks metabench_form_a --log_samples --output_path results …`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.bundle != "" && len(o.questions) == 0 {
				return usagef("a bundle has no texts of questions: add --questions LOG, or leave --bundle out to use the warehouse's")
			}
			if o.bundle != "" && (cmd.Flags().Changed("form") || len(o.benchmarks) > 0 || o.release != "") {
				return usagef("--bundle says which form, release and benchmarks there are: leave --form, --release and --benchmark out")
			}
			if err := checkForm(o.form); err != nil {
				return err
			}
			g, err := a.harnessGroup(cmd, o)
			if err != nil {
				return err
			}
			return a.writeGroup(args[0], g)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.form, "form", "A", "A, or B for the disjoint second form")
	f.StringVar(&o.release, "release", "", releaseUsage)
	f.StringArrayVar(&o.benchmarks, "benchmark", nil, "only this benchmark, may be repeated (default: the catalogue's that are built)")
	f.StringVar(&o.bundle, "bundle", "", "a calibration whose items are exported in place of the warehouse's")
	f.StringSliceVar(&o.questions, "questions", nil, "sample log to take questions from; may be repeated")
	f.BoolVar(&o.permuted, "permuted", false, "put the options into another order")
	f.Uint64Var(&o.seed, "seed", 1, "seed of that order")
	return cmd
}

// harnessGroup gathers what is exported: the items of a bundle or of the warehouse,
// and their texts from logs or from the warehouse.
func (a *app) harnessGroup(cmd *cobra.Command, o exportHarnessOptions) (*harness.Group, error) {
	ctx := cmd.Context()
	g := &harness.Group{Form: harness.Form(o.form), Permuted: o.permuted, Seed: o.seed}
	found, err := harness.Questions(ctx, o.questions...)
	if err != nil {
		return nil, err
	}
	if o.bundle != "" {
		b, _, err := readBundle(o.bundle)
		if err != nil {
			return nil, err
		}
		g.Form, g.Run = b.Form, b.Run.ID
		if b.Release != nil {
			g.Release, g.Identity = b.Release.Version, b.Release.Identity
		}
		g.Sets, err = harness.Select(b.Selection(), found)
		return g, err
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return nil, err
	}
	selected, err := a.readSelected(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	if len(o.questions) == 0 {
		if found, err = a.askSelected(ctx, cfg, o, selected); err != nil {
			return nil, err
		}
	}
	g.Run = selected.run
	if selected.release != nil {
		g.Release, g.Identity = selected.release.Version, selected.release.Identity
	}
	g.Sets, err = harness.Select(selected.sets(), found)
	return g, err
}

// selectedForm is a form as the warehouse has it.
type selectedForm struct {
	run        string
	release    *warehouse.Release  // nil for the items that are selected now
	benchmarks []corpus.Benchmark  // of the catalogue where that knows them
	questions  [][]corpus.Question // by benchmark
}

// sets are the items without texts.
func (s *selectedForm) sets() []harness.QuestionSet {
	sets := make([]harness.QuestionSet, len(s.benchmarks))
	for k, b := range s.benchmarks {
		sets[k] = harness.QuestionSet{Benchmark: b.Name, Title: b.Title, Metric: b.Metric}
		for _, q := range s.questions[k] {
			sets[k].Questions = append(sets[k].Questions, harness.Question{Key: q.Key, Hash: q.Hash})
		}
	}
	return sets
}

// unread is the first benchmark with an item without a text; empty if all have one.
func (s *selectedForm) unread() string {
	for k, b := range s.benchmarks {
		if slices.ContainsFunc(s.questions[k], func(q corpus.Question) bool { return q.Prompt == "" }) {
			return b.Name
		}
	}
	return ""
}

// readSelected reads which items a form has, and the texts that are there.
func (a *app) readSelected(ctx context.Context, cfg *config.Loaded, o exportHarnessOptions) (*selectedForm, error) {
	s := &selectedForm{}
	err := a.readWarehouse(ctx, cfg, "export harness", func(w *warehouse.Warehouse) error {
		var err error
		if s.release, err = a.chooseRelease(ctx, w, o.release, harness.Form(o.form), o.benchmarks); err != nil {
			return err
		}
		known, names, err := a.exported(ctx, cfg, w, s.release, harness.Form(o.form), o.benchmarks)
		if err != nil {
			return err
		}
		if s.run, err = selectionRun(ctx, w, s.release, names); err != nil {
			return err
		}
		for _, name := range names {
			b := corpus.Benchmark{Name: name, Title: name, Asked: corpus.Continuation}
			if k := slices.IndexFunc(known, func(c corpus.Benchmark) bool { return c.Name == name }); k >= 0 {
				b = known[k]
			}
			if b.Metric, err = w.Metric(ctx, name); err != nil {
				return err
			}
			questions, err := s.read(ctx, w, name, o.form)
			if err != nil {
				return err
			}
			if len(questions) == 0 {
				return fmt.Errorf("export harness: form %s of %s has no items; run metabench build, for form B with build.forms at 2", o.form, name)
			}
			s.benchmarks, s.questions = append(s.benchmarks, b), append(s.questions, questions)
		}
		return nil
	})
	return s, err
}

// selectionRun is the run that chose the items: of a release, the one that it was made of.
func selectionRun(ctx context.Context, w *warehouse.Warehouse, release *warehouse.Release, benchmarks []string) (string, error) {
	if release != nil {
		return release.RunID, nil
	}
	of := analysis.JointName
	if len(benchmarks) == 1 {
		of = benchmarks[0]
	}
	run, err := w.ResultRun(ctx, of)
	return run.ID(), err
}

// read reads the items of a benchmark's form and their texts.
func (s *selectedForm) read(ctx context.Context, w *warehouse.Warehouse, benchmark, form string) ([]corpus.Question, error) {
	if s.release != nil {
		return w.ReleasedQuestions(ctx, s.release.Version, benchmark, form)
	}
	return w.SelectedQuestions(ctx, benchmark, form)
}

// askSelected makes questions of a form's texts, which are read from the Hub first
// where the warehouse lacks them.
func (a *app) askSelected(ctx context.Context, cfg *config.Loaded, o exportHarnessOptions, s *selectedForm) ([]harness.QuestionSet, error) {
	if s.unread() != "" {
		catalogue, err := a.catalogue(cfg)
		if err != nil {
			return nil, err
		}
		did, err := a.updateTexts(ctx, cfg, catalogue)
		if err != nil {
			return nil, fmt.Errorf("export harness: the texts of selected items are not in the warehouse yet, and can't be read now: %w; sample logs may lend theirs: --questions LOG", err)
		}
		if o.release = noRelease; s.release != nil {
			o.release = s.release.Version
		}
		again, err := a.readSelected(ctx, cfg, o)
		if err != nil {
			return nil, err
		}
		*s = *again
		if benchmark := s.unread(); benchmark != "" {
			return nil, errNoTexts(did, benchmark)
		}
	}
	found := make([]harness.QuestionSet, len(s.benchmarks))
	for k, b := range s.benchmarks {
		found[k] = harness.QuestionSet{Benchmark: b.Name, Style: b.Asked}
		for _, q := range s.questions[k] {
			asked, err := harness.Ask(b, q)
			if err != nil {
				return nil, err
			}
			found[k].Questions = append(found[k].Questions, asked)
		}
	}
	return found, nil
}

// writeGroup writes the files of a group.
func (a *app) writeGroup(dir string, g *harness.Group) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	g.Dir = absolute
	files, err := g.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(absolute, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := renameio.WriteFile(path, f.Content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	tasks, questions := 0, 0
	for _, set := range g.Sets {
		if !g.Leaves(set) {
			tasks++
			questions += len(set.Questions)
		}
	}
	if a.json {
		return a.printJSON(struct {
			Group     string `json:"group"`
			Dir       string `json:"dir"`
			Tasks     int    `json:"tasks"`
			Questions int    `json:"questions"`
		}{g.Name(), absolute, tasks, questions})
	}
	_, err = fmt.Fprintf(a.Out, "%s: %d tasks, %d questions in %s\n", g.Name(), tasks, questions, absolute)
	return err
}
