package hubtest

import "bytes"

// damage is what happened to a file's bytes before it was uploaded.
type damage string

const (
	unhurt        damage = ""
	emptied       damage = "emptied"
	cutShort      damage = "cut"
	flippedFooter damage = "flipped footer"
	flippedPage   damage = "flipped page"
	replacedHTML  damage = "html"
	bombed        damage = "bomb"
)

// layout is how a run's file of a task is written, and what happened to it then: what
// the repository's case does to single files.
func (c *Corpus) layout(e *Entry, p Run, t *Task) (layout, damage) {
	lay := layout{generation: p.generation, shape: p.shape, declaredRows: -1, checksums: c.options.Checksums}
	late := p.generation == GenerationB || p.generation == GenerationBText
	switch {
	case p.limit > 0:
		lay.rows = identity(max(min(p.limit, t.Items-1), 1))
	case e.Case == CaseShuffled && (t.Bench.Name == "arc" || t.Bench.Name == "winogrande" || c.oneSubject(t) && !(t.rerendered && late)):
		lay.rows = t.shuffled(key(c.options.Seed, "shuffle", e.Model, t.Name))
	case e.Case == CaseShortTask && t.Bench.Name == "winogrande":
		lay.rows = identity(t.Items - min(3, t.Items-1))
	case e.Case == CaseLongTask && t.Bench.Name == "winogrande":
		lay.rows = append(identity(t.Items), 0)
	}
	if t.Bench.Name != "gsm8k" {
		return lay, unhurt
	}
	if p.broken {
		return lay, cutShort
	}
	switch e.Case {
	case CaseEmptyFile:
		return lay, emptied
	case CaseCutFile:
		return lay, cutShort
	case CaseFlippedFile:
		return lay, flippedFooter
	case CaseFlippedPage:
		lay.checksums = true
		return lay, flippedPage
	case CaseHTMLFile:
		return lay, replacedHTML
	case CaseBomb:
		return lay, bombed
	case CaseNoMetric:
		lay.shape = MetricAbsent
	case CaseNaNMetric:
		lay.shape, lay.poison = MetricDouble, PoisonNaN
	case CaseTwoMetric:
		lay.shape, lay.poison = MetricDouble, PoisonTwo
	case CaseNullMetric:
		lay.poison = PoisonNull
	case CaseHugeRows:
		lay.declaredRows = 1_000_000_000
	}
	return lay, unhurt
}

// hurtContent damages a file's bytes.
func hurtContent(whole *content, d damage) *content {
	if d == unhurt || d == flippedPage || d == bombed { // the latter are done to a column
		return whole
	}
	var b bytes.Buffer
	must(whole.WriteTo(&b))
	data := b.Bytes()
	switch d {
	case emptied:
		data = nil
	case cutShort:
		data = data[:len(data)/2]
	case flippedFooter:
		for i := len(data) - 40; i < len(data)-20; i++ {
			data[i] ^= 0xa5
		}
		data[len(data)-6] ^= 0x40 // and the footer's length
	case replacedHTML:
		data = []byte("<!DOCTYPE html><html><head><title>504 Gateway Time-out</title></head><body>504</body></html>\n")
	}
	return newContent(data)
}
