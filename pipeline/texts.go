package pipeline

import (
	"context"
	"fmt"
	"slices"

	"metabench/corpus"
	"metabench/scraper"
)

// Texts is what reading the texts of selected items came to.
type Texts struct {
	Read        int                             // items
	Unavailable []*scraper.TextUnavailableError // tasks whose files on the Hub lack texts
	Imported    []corpus.UnreadTask             // tasks whose answers came from no file of the Hub
}

// UnavailableItems counts the items whose files on the Hub lack texts.
func (t Texts) UnavailableItems() int {
	n := 0
	for _, u := range t.Unavailable {
		n += len(u.Items)
	}
	return n
}

// Missing counts the selected items that have no text still.
func (t Texts) Missing() int {
	n := t.UnavailableItems()
	for _, u := range t.Imported {
		n += len(u.Unread)
	}
	return n
}

// ReadTexts reads the texts of selected items that have none, of both forms, from the
// files that their answers came from, and keeps them in the warehouse. Where all have
// one, no client is made and nothing is asked of the Hub.
func (p *Pipeline) ReadTexts(ctx context.Context) (Texts, error) {
	var did Texts
	tasks, err := p.w.UnreadQuestions(ctx)
	if err != nil {
		return did, err
	}
	crawled := slices.DeleteFunc(slices.Clone(tasks), func(t corpus.UnreadTask) bool { return len(t.Files) == 0 })
	did.Imported = slices.DeleteFunc(tasks, func(t corpus.UnreadTask) bool { return len(t.Files) > 0 })
	if len(crawled) == 0 {
		return did, nil
	}
	client, err := p.opts.Hub()
	if err != nil {
		return did, err
	}
	total := 0
	for _, t := range crawled {
		total += len(t.Unread)
	}
	stage := fmt.Sprintf("reading the texts of %d selected items from files of %d tasks on the Hub", total, len(crawled))
	p.opts.Report(stage, 0, total)
	did.Unavailable, err = scraper.ReadQuestions(ctx, scraper.QuestionOptions{
		Hub: client, Benchmarks: p.opts.Catalogue, Parallel: p.opts.Config.Hub.Parallel, Log: p.opts.Log,
		Keep: func(ctx context.Context, questions []corpus.Question) error {
			did.Read += len(questions)
			p.opts.Report(stage, min(did.Read, total-1), total)
			return p.w.StoreQuestions(ctx, questions)
		},
	}, crawled)
	if err == nil {
		p.opts.Report(stage, total, total)
	}
	return did, err
}

// Lacking is why the selected items of a benchmark have no texts.
func (t Texts) Lacking(benchmark string) error {
	for _, u := range t.Unavailable {
		if u.Benchmark == benchmark {
			return u
		}
	}
	for _, u := range t.Imported {
		if u.Benchmark == benchmark {
			return fmt.Errorf("the answers to %s were imported, and nothing tells what its selected items ask", benchmark)
		}
	}
	return fmt.Errorf("nothing tells what the selected items of %s ask", benchmark)
}
