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
	Read     int                    // items
	Untold   []*scraper.UntoldError // tasks whose files on the Hub don't tell
	Imported []corpus.UnreadTask    // tasks whose answers came from no file of the Hub
}

// Unavailable counts the items whose files on the Hub don't tell what was asked.
func (t Texts) Unavailable() int {
	n := 0
	for _, u := range t.Untold {
		n += len(u.Items)
	}
	return n
}

// Missing counts the selected items that have no text still.
func (t Texts) Missing() int {
	n := t.Unavailable()
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
	did.Untold, err = scraper.ReadQuestions(ctx, scraper.QuestionOptions{
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
