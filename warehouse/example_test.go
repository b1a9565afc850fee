package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"metabench/table"
	"metabench/warehouse"
)

// A table of answers is imported and asked with SQL.
func Example() {
	dir, err := os.MkdirTemp("", "warehouse")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := importAndAsk(context.Background(), dir); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ada 66.7
	// bob 33.3
}

func importAndAsk(ctx context.Context, dir string) error {
	answers := filepath.Join(dir, "answers.csv")
	const text = "model,item,correct\nada,1,1\nada,2,1\nada,3,0\nbob,1,1\nbob,2,0\nbob,3,0\n"
	if err := os.WriteFile(answers, []byte(text), 0o600); err != nil {
		return err
	}
	in, err := table.ReadLong(ctx, []string{answers}, table.LongOptions{Benchmark: "quiz"})
	if err != nil {
		return err
	}
	o := warehouse.Options{Path: filepath.Join(dir, "metabench.duckdb")}
	w, err := warehouse.Create(ctx, o)
	if err != nil {
		return err
	}
	_, err = w.Import(ctx, *in)
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	r, err := warehouse.OpenReadOnly(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(ask(ctx, r), r.Close())
}

func ask(ctx context.Context, r *warehouse.Warehouse) error {
	rows, err := r.Query(ctx, "SELECT model, round(score, 1) FROM scores WHERE benchmark = ? ORDER BY score DESC", "quiz")
	if err != nil {
		return err
	}
	defer rows.Close()
	for values, ok, err := rows.Next(); ok || err != nil; values, ok, err = rows.Next() {
		if err != nil {
			return err
		}
		fmt.Println(values[0], values[1])
	}
	return nil
}
