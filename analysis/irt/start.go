package irt

import "math"

// startItems returns where the climb begins and which items can be estimated: those
// with both right and wrong answers. The others keep a flat curve at the share
// (r + ½)/(n + 1).
func startItems(p *patterns) (start []Item, free []bool) {
	answered, correct := p.counts()
	start, free = make([]Item, p.items), make([]bool, p.items)
	for j := range start {
		share := (correct[j] + 0.5) / (answered[j] + 1)
		logit := math.Log(share / (1 - share))
		start[j] = Item{D: logit, U: 1}
		if correct[j] > 0 && correct[j] < answered[j] {
			free[j] = true
			start[j].A = 1
			start[j].D = 1.2 * logit
		}
	}
	return start, free
}
