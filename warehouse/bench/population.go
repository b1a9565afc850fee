package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"metabench/corpus"
)

// population is a corpus of invented models with the shape of the real one: the
// answers follow a two-parameter logistic model, each model is one repository with
// one file a task, and every file has a hash of its own.
type population struct {
	benchmarks []corpus.Benchmark
	items      []corpus.Item
	easiness   [][]float64 // by task and item: a, d of P = 1/(1+exp(−(aθ+d))) in turn
	seed       uint64
}

func newPopulation(benchmarks []corpus.Benchmark, seed uint64) *population {
	p := &population{benchmarks: benchmarks, seed: seed}
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, b := range benchmarks {
		for _, t := range b.Tasks {
			parameters := make([]float64, 0, 2*t.Items)
			for k := range t.Items {
				key := fmt.Sprint(k + 1)
				if t.Name != b.Name {
					key = t.Name + "." + key
				}
				p.items = append(p.items, corpus.Item{
					Benchmark: b.Name, Task: t.Name, Position: k, Key: key,
					Hash:   digest(b.Name, key),
					Prompt: fmt.Sprintf("Question %d of %s: what follows from %x?", k+1, t.Name, rng.Uint64()),
				})
				parameters = append(parameters, math.Exp(0.4*rng.NormFloat64()), 1.3*rng.NormFloat64()+0.4)
			}
			p.easiness = append(p.easiness, parameters)
		}
	}
	return p
}

// delivery is what a crawl of model i's repository hands over. Round tells a later
// evaluation of the same model apart from the first.
func (p *population) delivery(i, round int) corpus.Delivery {
	rng := rand.New(rand.NewPCG(p.seed, uint64(i)<<8|uint64(round)+1))
	name := fmt.Sprintf("organisation-%03d/model-%05d-%s", i%311, i, digest("name", fmt.Sprint(i))[:8])
	commit := digest("commit", fmt.Sprint(i, round))[:40]
	run := time.Date(2023, 9, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 37 * time.Minute)
	repo := "open-llm-leaderboard-old/details_" + name
	stamp := run.Format("2006-01-02T15-04-05.000000")
	size := 0.5 + 70*rand.New(rand.NewPCG(p.seed, uint64(i)<<8)).Float64() // a model's own, whatever the round
	yes := true
	d := corpus.Delivery{
		Repo: corpus.RepoState{Repo: repo, Commit: commit, Model: name, Status: corpus.StatusDone, Attempts: 1, Updated: run},
		Model: &corpus.Model{Name: name, Parameters: &size, ParamsSource: "safetensors", Architecture: "LlamaForCausalLM",
			Precision: "bfloat16", License: "apache-2.0", Available: &yes, Revision: "main"},
	}
	theta := rng.NormFloat64()
	task := 0
	for _, b := range p.benchmarks {
		right := 0
		for _, t := range b.Tasks {
			file := corpus.File{
				Repo: repo, Commit: commit, Path: fmt.Sprintf("%s/details_harness|%s|%d_%s.parquet", stamp, t.Harness, b.Shots, stamp),
				Size: int64(300 * t.Items), SHA256: digest(commit, t.Name), Verified: corpus.VerifiedStructure, Run: run, ReadAt: run,
			}
			answers := p.answers(rng, task, theta)
			for _, a := range answers {
				right += int(a)
			}
			d.Blocks = append(d.Blocks, corpus.Block{Model: name, Benchmark: b.Name, Task: t.Name, File: file, Correct: answers})
			d.Files = append(d.Files, corpus.FileState{Repo: repo, Commit: commit, Benchmark: b.Name, Task: t.Name, Path: file.Path,
				Size: file.Size, SHA256: file.SHA256, Status: corpus.StatusDone, Attempts: 1, Updated: run})
			task++
		}
		d.Scores = append(d.Scores, corpus.Score{Model: name, Benchmark: b.Name, Metric: b.Metric,
			Value: 100 * float64(right) / float64(b.Items()), File: corpus.File{Repo: repo, Commit: commit, Path: "results_" + stamp + ".json",
				Size: 51000, SHA256: digest(commit, "results"), Verified: corpus.VerifiedHash, ReadAt: run}})
	}
	if i == 0 && round == 0 {
		d.Items = p.items
	}
	return d
}

func (p *population) answers(rng *rand.Rand, task int, theta float64) []uint8 {
	parameters := p.easiness[task]
	answers := make([]uint8, len(parameters)/2)
	for k := range answers {
		if rng.Float64() < 1/(1+math.Exp(-parameters[2*k]*theta-parameters[2*k+1])) {
			answers[k] = 1
		}
	}
	return answers
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}
