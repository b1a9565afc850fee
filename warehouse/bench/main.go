package main

import (
	"context"
	"fmt"
	"metabench/config"
	"metabench/corpus"
	"metabench/warehouse"
	"os"
	"time"
)

func main() {
	bs, err := config.Catalogue("")
	if err != nil {
		panic(err)
	}
	p := newPopulation(bs, 1)
	path := os.Args[1]
	var n, batch int
	fmt.Sscan(os.Args[2], &n)
	fmt.Sscan(os.Args[3], &batch)
	os.Remove(path)
	w, err := warehouse.Create(context.Background(), warehouse.Options{Path: path, Threads: 2})
	if err != nil {
		panic(err)
	}
	var gen, rec time.Duration
	for i := 0; i < n; i += batch {
		s := time.Now()
		var ds []corpus.Delivery
		for k := range batch {
			ds = append(ds, p.delivery(i+k, 0))
		}
		gen += time.Since(s)
		s = time.Now()
		if err := w.RecordAll(context.Background(), ds); err != nil {
			panic(err)
		}
		rec += time.Since(s)
	}
	fmt.Println("gen", gen, "rec", rec, rec/time.Duration(n))
	var rep time.Duration
	for i := range 20 {
		d := p.delivery(i, 1)
		s := time.Now()
		if err := w.Record(context.Background(), d); err != nil {
			panic(err)
		}
		rep += time.Since(s)
	}
	fmt.Println("replace", rep/20)
	s := time.Now()
	w.RefreshStatistics(context.Background())
	fmt.Println("stats", time.Since(s))
	s = time.Now()
	_, _, err = w.Responses(context.Background(), "hellaswag", warehouse.All)
	fmt.Println("hellaswag", time.Since(s), err)
	s = time.Now()
	w.Close()
	fmt.Println("close", time.Since(s))
	st, _ := os.Stat(path)
	fmt.Println(st.Size() / 1e6)
}
