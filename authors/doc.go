// Package authors reads what the authors of the method publish in their repository,
// adkipnis/metabench: R objects that hold the answers of the Open LLM Leaderboard's
// models to the items of forms A and B, and these models' scores on the whole
// benchmarks (Kipnis, Voudouris, Schulze Buschoff and Schulz, metabench, ICLR 2025).
//
// The data are their authors' and stay with whoever cloned the repository; a bundle
// that is made of them carries their names and licence.
package authors

import "metabench/score"

// Provenance says whose the answers are. The number of models is the calibration's to say.
func Provenance() score.Provenance {
	return score.Provenance{
		Corpus:      "Open LLM Leaderboard (first edition)",
		From:        "2023",
		To:          "2024",
		Licence:     "CC BY-NC-SA 4.0, not for commercial use",
		Attribution: "answers published by Kipnis, Voudouris, Schulze Buschoff and Schulz (metabench, ICLR 2025)",
		Source:      "github.com/adkipnis/metabench",
	}
}
