package rival

import (
	"context"

	"metabench/analysis/distill"
	"metabench/analysis/reconstruct"
)

// anchorPoints weighs the answers to the medoids of clusters of items that models answer
// alike by the clusters' sizes (Vivek, Ethayarajh, Yang and Kiela, "Anchor Points", EACL
// 2024).
func anchorPoints(ctx context.Context, t *Task, size, _ int) ([]reconstruct.Prediction, error) {
	c, err := t.choose(ctx, distill.Anchors{Seed: t.Seed}, size)
	if err != nil {
		return nil, err
	}
	return points(t.shares(c)), nil
}
