package main

import (
	"os"
	"testing"
)

func TestReferencePageIsUpToDate(t *testing.T) {
	page, statements, err := generate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"../../docs/warehouse.md": page}
	for name, text := range statements {
		want["../../deploy/lake/"+name] = text
	}
	for path, text := range want {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("%s is out of date; run: go generate ./warehouse", path)
		}
	}
}
