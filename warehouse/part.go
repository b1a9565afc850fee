package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"metabench/corpus"
)

// severalFiles stands in response_block.file_id where several files gave the answers.
// What each gave is in response_part.
const severalFiles int32 = 0

// part is what one file gave to a block: answers by position.
type part struct {
	file    int32
	from    corpus.File // repository, commit and path only
	correct []uint8
}

// comparePart orders the parts of a block: files of the Hub first, then by path. An
// answer that several files gave counts for the first. The order does not depend on
// which was read first.
func comparePart(a, b part) int {
	local := func(p part) int {
		if p.from.Repo == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(local(a), local(b)), cmp.Compare(a.from.Repo, b.from.Repo),
		cmp.Compare(a.from.Commit, b.from.Commit), cmp.Compare(a.from.Path, b.from.Path))
}

// conflict is two files that answer an item differently for one model.
type conflict struct {
	position int
	a, b     part
}

// joinParts puts the parts of a block together, in their order, and says for each which of
// its answers count. Two different answers to an item are a conflict.
func joinParts(parts []part) (correct []uint8, counted [][]uint8, bad *conflict) {
	length := 0
	for _, p := range parts {
		length = max(length, len(p.correct))
	}
	correct = slices.Repeat([]uint8{corpus.Missing}, length)
	giver := make([]int, length)
	counted = make([][]uint8, len(parts))
	for n, p := range parts {
		counted[n] = slices.Repeat([]uint8{corpus.Missing}, len(p.correct))
		for k, a := range p.correct {
			switch {
			case a == corpus.Missing:
			case correct[k] == corpus.Missing:
				correct[k], counted[n][k], giver[k] = a, a, n
			case correct[k] != a && (bad == nil || k < bad.position):
				bad = &conflict{position: k, a: parts[giver[k]], b: p}
			}
		}
	}
	return correct, counted, bad
}

// trim leaves out what was not observed at the end: answers stored by way of one call
// or several are the same then.
func trim(correct []uint8) []uint8 {
	n := len(correct)
	for n > 0 && correct[n-1] == corpus.Missing {
		n--
	}
	return correct[:n]
}

// sameParts reports whether two blocks have the same answers from the same files.
func sameParts(a, b []part) bool {
	return slices.EqualFunc(a, b, func(x, y part) bool {
		return x.file == y.file && slices.Equal(trim(x.correct), trim(y.correct))
	})
}

// appendParts adds the rows of a block that several files gave.
func (c *change) appendParts(key blockKey, parts []part, counted [][]uint8) error {
	c.hasParts = true
	for n, p := range parts {
		repeated := slices.Clone(p.correct)
		for k, a := range counted[n] {
			if a != corpus.Missing {
				repeated[k] = corpus.Missing
			}
		}
		err := c.append("response_part", key.model, key.task, p.file, listOf(trim(counted[n])), listOf(trim(repeated)))
		if err != nil {
			return err
		}
	}
	return nil
}

// removeParts takes out the parts of blocks that go; where is a condition on their keys.
func (c *change) removeParts(where string, args ...any) error {
	if !c.hasParts {
		return nil
	}
	n, err := c.execCount(`DELETE FROM response_part`+where, args...)
	c.orphaned = c.orphaned || n > 0
	return c.removed(err)
}

// storedAnswers reads the answers of blocks, as they were before the change, by the
// files that gave them.
type storedAnswers struct {
	scan  *blockScan
	files map[int32]corpus.File
}

// parts returns what each file gave to the blocks that are wanted. Files are those of
// response_part that have anything to do with them.
func (s *storedAnswers) parts(ctx context.Context, stored map[blockKey]storedBlock, wanted map[blockKey]bool, tasks, files []int32) (map[blockKey][]part, error) {
	found := map[blockKey][]part{}
	for _, task := range tasks {
		err := s.scan.each(ctx, `SELECT model_id, task_id, correct FROM response_block WHERE task_id = $1`, task, func(model, task int32, correct []uint8) {
			key := blockKey{model, task}
			if file := stored[key].file; wanted[key] && file != severalFiles {
				found[key] = []part{{file, s.files[file], slices.Clone(correct)}}
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read stored answers: %w", err)
		}
	}
	for _, file := range files {
		for _, column := range []string{"correct", "repeated"} {
			err := s.scan.each(ctx, `SELECT model_id, task_id, `+column+` FROM response_part WHERE file_id = $1`, file, func(model, task int32, correct []uint8) {
				key := blockKey{model, task}
				if !wanted[key] {
					return
				}
				if parts := found[key]; len(parts) > 0 && parts[len(parts)-1].file == file {
					last := &parts[len(parts)-1]
					last.correct, _, _ = joinParts([]part{*last, {correct: correct}})
					return
				}
				found[key] = append(found[key], part{file, s.files[file], slices.Clone(correct)})
			})
			if err != nil {
				return nil, fmt.Errorf("read stored answers: %w", err)
			}
		}
	}
	for _, parts := range found {
		slices.SortFunc(parts, comparePart)
	}
	return found, nil
}
