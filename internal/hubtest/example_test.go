package hubtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"metabench/internal/hubtest"
	"metabench/internal/hubtest/truth"
)

func ExampleServer() {
	c := hubtest.NewCorpus(hubtest.CorpusOptions{Seed: 1, Models: 3, Broken: 1, Cases: []hubtest.Case{hubtest.CaseGated}})
	hub, err := hubtest.NewServer(c, hubtest.ServerOptions{
		Faults: []hubtest.Fault{{Kind: hubtest.FaultStatus, Status: 503, Routes: []hubtest.Route{hubtest.RouteList}, Count: 1}},
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = hub.Close() }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 2 {
		res, err := client.Get(hub.Endpoint() + "/api/datasets?author=" + hubtest.Namespace + "&search=details_")
		if err != nil {
			panic(err)
		}
		var entries []struct{ ID string }
		_ = json.NewDecoder(res.Body).Decode(&entries) // fails on the error page
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, len(entries))
	}
	for _, repo := range truth.Of(c).Repos()[:1] {
		fmt.Println(repo.Case, repo.Status, len(repo.Tasks), repo.Tasks[0].Status)
	}
	// Output:
	// 503 0
	// 200 3
	// gated policy 62 policy
}
