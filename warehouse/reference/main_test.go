package main

import (
	"os"
	"testing"
)

func TestReferencePageIsUpToDate(t *testing.T) {
	want, err := page(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/warehouse.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/warehouse.md is out of date; run: go generate ./warehouse")
	}
}
