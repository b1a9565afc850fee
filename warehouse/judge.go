package warehouse

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"strings"

	schema "metabench/sql"
)

// Verdict is what the filters say of a benchmark.
type Verdict struct {
	Dropped map[string]string // items that are left out, with the reason
	Outlier float64           // models with at most this share of correct answers are left out; -1 for none
}

// Judge applies the formulas of the views item_filter and outlier_models to a benchmark
// as if the models held out had never answered: nothing about them decides what is kept.
// Without any it says what the views say.
func (w *Warehouse) Judge(ctx context.Context, benchmark string, heldOut []string) (Verdict, error) {
	v := Verdict{Dropped: map[string]string{}, Outlier: -1}
	query, err := judgement()
	if err != nil {
		return v, err
	}
	var kind, item, reason string
	var share float64
	err = scanEach(ctx, w.db, query, []any{&kind, &item, &reason, &share}, func() {
		if kind == "model" {
			v.Outlier = math.Max(v.Outlier, share)
		} else {
			v.Dropped[item] = reason
		}
	}, benchmark, heldOut)
	if err != nil {
		return v, fmt.Errorf("judge the items of %s: %w", benchmark, err)
	}
	return v, nil
}

// judgement is a query that gives names to what the views define, by their own text, and
// has them look at part of the answers: the names of a WITH clause go before tables and
// views. No kept sums hold for a part.
func judgement() (string, error) {
	parts := []string{
		`response_block AS (
			FROM main.response_block
			WHERE task_id IN (SELECT task_id FROM task JOIN benchmark USING (benchmark_id) WHERE benchmark = $1)
			  AND model_id NOT IN (SELECT model_id FROM model WHERE list_contains($2::VARCHAR[], model)))`,
		`item_sum AS (FROM main.item_sum WHERE false)`,
	}
	for _, name := range []string{"scores", "item_sums", "item_statistics", "outlier_models", "duplicate_items", "item_filter"} {
		body, err := viewBody(name)
		if err != nil {
			return "", err
		}
		parts = append(parts, name+" AS ("+body+")")
	}
	return "WITH " + strings.Join(parts, ",\n") + `
		SELECT 'item', item, reason, 0::DOUBLE FROM item_filter WHERE benchmark = $1 AND dropped
		UNION ALL
		SELECT 'model', model, '', share_correct FROM outlier_models WHERE benchmark = $1`, nil
}

// viewBody is the query that a view is made of.
func viewBody(name string) (string, error) {
	files, err := fs.Glob(schema.Files, "views/*_"+name+".sql")
	if err != nil {
		return "", fmt.Errorf("find the view %s: %w", name, err)
	}
	if len(files) != 1 {
		return "", fmt.Errorf("find the view %s: %d files define it", name, len(files))
	}
	text, err := fs.ReadFile(schema.Files, files[0])
	if err != nil {
		return "", err
	}
	_, body, found := strings.Cut(string(text), "CREATE OR REPLACE VIEW "+name+" AS\n")
	body, _, ended := strings.Cut(body, ";\nCOMMENT ON VIEW "+name+" ")
	if !found || !ended {
		return "", fmt.Errorf("%s does not define the view %s as the others do", files[0], name)
	}
	return body, nil
}
