package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"metabench/config"
	"metabench/export"
	"metabench/harness"
	"metabench/pipeline"
	"metabench/warehouse"
)

// exportHarnessFlags are the flags of export harness.
type exportHarnessFlags struct {
	formFlags
	bundle    string
	questions []string
	permuted  bool
	seed      uint64
	at        string
}

func newExportHarnessCommand(a *app) *cobra.Command {
	var f exportHarnessFlags
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
			if f.bundle != "" && len(f.questions) == 0 {
				return usagef("a bundle has no texts of questions: add --questions LOG, or leave --bundle out to use the warehouse's")
			}
			if f.bundle != "" && (cmd.Flags().Changed("form") || len(f.benchmarks) > 0 || f.release != "") {
				return usagef("--bundle says which form, release and benchmarks there are: leave --form, --release and --benchmark out")
			}
			if f.at != "" && !filepath.IsAbs(f.at) {
				return usagef("--at %s: need an absolute path, which is what the tasks name", f.at)
			}
			if err := checkForm(f.form); err != nil {
				return err
			}
			g, err := a.harnessGroup(cmd, f)
			if err != nil {
				return err
			}
			return a.writeGroup(args[0], f.at, g)
		},
	}
	fl := cmd.Flags()
	f.register(fl)
	fl.StringVar(&f.bundle, "bundle", "", "a calibration whose items are exported in place of the warehouse's")
	fl.StringSliceVar(&f.questions, "questions", nil, "sample log to take questions from; may be repeated")
	fl.BoolVar(&f.permuted, "permuted", false, "put the options into another order")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of that order")
	fl.StringVar(&f.at, "at", "", "absolute path where the harness will find the directory, where that isn't DIR: on another machine, in a container")
	return cmd
}

// harnessGroup is the items of a bundle or of the warehouse, with their texts from logs
// or from the warehouse.
func (a *app) harnessGroup(cmd *cobra.Command, f exportHarnessFlags) (*harness.Group, error) {
	ctx := cmd.Context()
	g := &harness.Group{Form: harness.Form(f.form), Permuted: f.permuted, Seed: f.seed}
	texts, err := harness.Questions(ctx, f.questions...)
	if err != nil {
		return nil, err
	}
	if f.bundle != "" {
		b, _, err := readBundle(f.bundle)
		if err != nil {
			return nil, err
		}
		g.Form, g.Run = b.Form, b.Run.ID
		if b.Release != nil {
			g.Release, g.Identity = b.Release.Version, b.Release.Identity
		}
		g.Sets, err = harness.Select(b.Selection(), texts)
		return g, err
	}
	cfg, err := a.load(cmd)
	if err != nil {
		return nil, err
	}
	o, err := f.options(a, cfg)
	if err != nil {
		return nil, err
	}
	form, err := a.readForm(ctx, cfg, o)
	if err == nil && len(f.questions) == 0 {
		form, texts, err = a.readTexts(ctx, cfg, o, form)
	}
	if err != nil {
		return nil, err
	}
	g.Run, g.Release, g.Identity = form.Run, form.Release, form.Identity
	g.Sets, err = harness.Select(form.Items(), texts)
	return g, err
}

func (a *app) readForm(ctx context.Context, cfg *config.Loaded, o export.Options) (form *export.Form, err error) {
	err = a.readWarehouse(ctx, cfg, "export harness", func(w *warehouse.Warehouse) error {
		form, err = export.ReadForm(ctx, w, o)
		return releaseError(err)
	})
	return form, err
}

// readTexts is the form with its texts, which are read from the Hub first where the
// warehouse lacks them.
func (a *app) readTexts(ctx context.Context, cfg *config.Loaded, o export.Options, form *export.Form) (*export.Form, []harness.QuestionSet, error) {
	if form.Unread() != "" {
		did, err := a.updateTexts(ctx, cfg)
		if err != nil {
			return nil, nil, fmt.Errorf("export harness: the texts of selected items are not in the warehouse yet, and can't be read now: %w; sample logs may lend theirs: --questions LOG", err)
		}
		if o.Release = export.NoRelease; form.Release != "" {
			o.Release = form.Release
		}
		if form, err = a.readForm(ctx, cfg, o); err != nil {
			return nil, nil, err
		}
		if benchmark := form.Unread(); benchmark != "" {
			return nil, nil, pipelineError(fmt.Errorf("export harness: %w; %s", did.Lacking(benchmark), "give sample logs of an evaluation that asked them: --questions LOG..."))
		}
	}
	texts, err := form.Questions()
	return form, texts, err
}

// updateTexts reads the texts of selected items into the warehouse.
func (a *app) updateTexts(ctx context.Context, cfg *config.Loaded) (did pipeline.Texts, err error) {
	snapshot, err := warehouse.IsSnapshot(cfg.Warehouse.Path)
	if err != nil {
		return did, err
	}
	if snapshot {
		return did, fmt.Errorf("%s is a published snapshot, which is never written to; export from the warehouse itself, or publish again after metabench refresh", cfg.Warehouse.Path)
	}
	w, err := warehouse.Open(ctx, warehouseOptions(cfg, "export harness"))
	if err != nil {
		return did, warehouseError(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := a.pipeline(cfg, w)
	if err != nil {
		return did, err
	}
	did, err = p.ReadTexts(ctx)
	return did, pipelineError(err)
}

// writeGroup writes the files of a group.
func (a *app) writeGroup(dir, at string, g *harness.Group) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if g.Dir = absolute; at != "" {
		g.Dir = filepath.Clean(at)
	}
	others, err := g.Keep(absolute)
	if err != nil {
		return err
	}
	for _, task := range others {
		a.notef("%s is of another build, and not in the group any more: export all benchmarks again", task)
	}
	files, err := g.Files()
	if err != nil {
		return err
	}
	if err := harness.WriteFiles(absolute, files); err != nil {
		return err
	}
	did := struct {
		Group     string `json:"group"`
		Dir       string `json:"dir"`
		Tasks     int    `json:"tasks"`
		Questions int    `json:"questions"`
	}{Group: g.Name(), Dir: absolute}
	for _, set := range g.Sets {
		if !g.Omits(set) {
			did.Tasks++
			did.Questions += len(set.Questions)
		}
	}
	return a.printLine(did, "%s: %d tasks, %d questions in %s", did.Group, did.Tasks, did.Questions, absolute)
}
