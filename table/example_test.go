package table_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"metabench/corpus"
	"metabench/table"
)

func ExampleReadResponses() {
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "answers.csv")
	const text = "model,q1,q2,q10,size\norg/a,1,0,1,7B\norg/b,0,NA,1,13B\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	r, err := table.ReadResponses(context.Background(), path, table.ResponseOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Items, r.Extra["size"])
	for i, model := range r.Models {
		correct, observed := r.Answers.Counts(i)
		fmt.Printf("%s: %d of %d right\n", model, correct, observed)
	}
	fmt.Println(r.Notes())

	_, err = table.ReadResponses(context.Background(), path, table.ResponseOptions{Model: "modell"})
	var wrong *corpus.DataError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Kind, wrong.Column, wrong.Remedy)
	}
	// Output:
	// [q1 q2 q10] [7B 13B]
	// org/a: 2 of 3 right
	// org/b: 1 of 2 right
	// [not items, because it holds text: size]
	// column modell Did you mean "model"? It has the columns model, q1, q2, q10, size
}
