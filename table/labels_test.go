package table

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"metabench/corpus"
)

func TestLabelsSayOneThingOfEachModel(t *testing.T) {
	for name, c := range map[string]struct {
		text, column string
		want         []string
		refused      string
	}{
		"long":            {"model,item,correct,maker\na,1,0,x\nb,1,1,y\na,2,1,x\nb,2,1,y\n", "maker", []string{"x", "y"}, ""},
		"wide":            {"model,q1,q2,maker\na,0,1,x\nb,1,1,\n", "maker", []string{"x", ""}, ""},
		"two values":      {"model,item,correct,maker\na,1,0,x\nb,1,1,y\na,2,1,z\nb,2,1,y\n", "maker", nil, `line 4, column "maker": model "a" has two values, "x" and "z"`},
		"no such column":  {"model,item,correct,maker\na,1,0,x\nb,1,1,y\n", "year", nil, "year"},
		"numbers as text": {"model,item,correct,year\na,1,0,2023\nb,1,1,2024\n", "year", []string{"2023", "2024"}, ""},
	} {
		path := filepath.Join(t.TempDir(), "answers.csv")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ReadResponses(context.Background(), path, ResponseOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := r.Labels(context.Background(), path, c.column)
		if c.refused != "" {
			var bad *corpus.DataError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.refused)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}
