package adaptive

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"metabench/analysis/ability"
	"metabench/analysis/response"
)

// Answer is a model's answer to an item of the bank.
type Answer struct {
	Item    int
	Correct bool
}

// Options configure a Test.
type Options struct {
	Criterion Criterion
	Estimator ability.Method // MAP, EAP, ML or WLE
	Stop      Any            // nil: only when no item is left

	// Length is the number of items after which the progressive and proportional
	// criteria choose by information alone. 0 takes it from the stop rule, or half
	// the bank.
	Length int

	// Among asks one of so many best items, at random: the simplest control of
	// exposure (Kingsbury and Zara 1989, Applied Measurement in Education 2:359).
	// 0 and 1 ask the best.
	Among int

	// Calibration corrects scores and intervals. It belongs to the criterion and the
	// estimator; nil leaves what the item model says.
	Calibration *Calibration

	// Misfit is the standard deviation, in points, of what the item model gets wrong
	// about a whole score; it widens the predicted interval. Evaluation.Adaptive
	// estimates it. A calibration brings its own intervals, and has none.
	Misfit float64

	Seed uint64 // of all that is left to chance
}

// Test is a configured adaptive test. It is read-only and may be used by many
// goroutines at once.
type Test struct {
	bank        *Bank
	opts        Options
	scorer      *ability.Scorer
	first       *ability.Scorer // MAP, until ML has both a right and a wrong answer
	information *informationTable
	divergence  *divergenceTable
}

// NewTest prepares a test.
func NewTest(bank *Bank, opts Options) (*Test, error) {
	switch {
	case opts.Estimator == ability.EAPSum:
		return nil, fmt.Errorf("adaptive test: estimator %s needs all items at once; use MAP, EAP, ML or WLE", opts.Estimator)
	case int(opts.Criterion) >= len(criterionNames):
		return nil, fmt.Errorf("adaptive test: unknown criterion %d", opts.Criterion)
	case opts.Length < 0 || opts.Among < 0:
		return nil, fmt.Errorf("adaptive test: length %d, among %d: negative", opts.Length, opts.Among)
	case !(opts.Misfit >= 0 && opts.Misfit <= maxMisfit):
		return nil, fmt.Errorf("adaptive test: misfit %v: want points from 0 to %d", opts.Misfit, maxMisfit)
	}
	if c := opts.Calibration; c != nil {
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("adaptive test: %w", err)
		}
		if c.Criterion != opts.Criterion || c.Estimator != opts.Estimator || opts.Misfit != 0 {
			return nil, fmt.Errorf("adaptive test: %s with %s and misfit %v: the calibration is for %s with %s, and no misfit",
				opts.Criterion, opts.Estimator, opts.Misfit, c.Criterion, c.Estimator)
		}
	}
	opts = opts.withLength(bank)
	t := &Test{bank: bank, opts: opts, information: newInformationTable(bank)}
	var err error
	if t.scorer, err = ability.New(bank.Items, ability.Options{Method: opts.Estimator}); err != nil {
		return nil, fmt.Errorf("adaptive test: %w", err)
	}
	if opts.Estimator == ability.ML {
		if t.first, err = ability.New(bank.Items, ability.Options{Method: ability.MAP}); err != nil {
			return nil, fmt.Errorf("adaptive test: %w", err)
		}
	}
	if opts.Criterion == KullbackLeibler {
		t.divergence = newDivergenceTable(bank)
	}
	return t, nil
}

// withLength fills in the default of the length.
func (o Options) withLength(bank *Bank) Options {
	if o.Length == 0 {
		o.Length = lengthOf(o.Stop)
	}
	if o.Length == 0 {
		o.Length = max(1, len(bank.Items)/2)
	}
	return o
}

// lengthOf returns the number of items at which a rule stops at the latest, 0 if it
// has none.
func lengthOf(rules Any) int {
	length := 0
	for _, r := range rules {
		if n, ok := r.(Answers); ok && (length == 0 || int(n) < length) {
			length = int(n)
		}
	}
	return length
}

// Bank returns the test's items.
func (t *Test) Bank() *Bank { return t.bank }

// Options returns the options with defaults filled in.
func (t *Test) Options() Options { return t.opts }

// Step is where a test stands.
type Step struct {
	Item        int     // to ask next; -1 when the test is over
	Stopped     string  // why it is over; empty while it goes on
	Answered    int     // answers so far
	Theta, SE   float64 // ability, SD
	Score       Score   // expected over the whole bank
	Information float64 // largest information at the ability among the items left
}

// Next returns the next item to ask, given the answers so far in the order in which
// they came. Session names the run of the test: where chance has a part in the choice
// two sessions differ, the same one repeated does not. It returns an error for an item
// that is not in the bank or was answered twice.
func (t *Test) Next(session string, answers []Answer) (Step, error) {
	s := t.newSession(session)
	for _, a := range answers {
		if a.Item < 0 || a.Item >= len(t.bank.Items) {
			return Step{}, fmt.Errorf("adaptive test: item %d is not in the bank of %d", a.Item, len(t.bank.Items))
		}
		if !s.open.has(a.Item) {
			return Step{}, fmt.Errorf("adaptive test: item %q was answered twice", t.bank.Keys[a.Item])
		}
		s.add(a)
	}
	return s.step(), nil
}

// session is one model's run of a test.
type session struct {
	t              *Test
	key            uint64
	asked          []Answer
	right          int
	open           bitset // items that can still be asked
	left           int
	running, early *ability.Running
	value          []float64
	pcg            *rand.PCG
	rng            *rand.Rand
}

func (t *Test) newSession(name string) *session {
	s := &session{t: t, open: make(bitset, (len(t.bank.Items)+63)/64), running: t.scorer.Start()}
	if t.first != nil {
		s.early = t.first.Start()
	}
	s.value = make([]float64, len(t.bank.Items))
	s.pcg = rand.NewPCG(0, 0)
	s.rng = rand.New(s.pcg)
	s.reset(name)
	return s
}

// reset starts a new run with every item open.
func (s *session) reset(name string) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	s.key = h.Sum64()
	s.asked, s.right, s.left = s.asked[:0], 0, len(s.t.bank.Items)
	s.open.fill(s.left)
	s.running.Reset()
	if s.early != nil {
		s.early.Reset()
	}
}

// withdraw takes an item out that can't be asked.
func (s *session) withdraw(item int) {
	s.open.drop(item)
	s.left--
}

func (s *session) add(a Answer) {
	s.asked = append(s.asked, a)
	if a.Correct {
		s.right++
	}
	s.withdraw(a.Item)
	s.running.Add(a.Item, a.Correct)
	if s.early != nil {
		s.early.Add(a.Item, a.Correct)
	}
}

// estimate returns the ability so far. The likelihood of answers that are all right
// or all wrong has its maximum at the bound, where no item tells anything; ML starts
// as MAP.
func (s *session) estimate() ability.Estimate {
	if s.early != nil && (s.right == 0 || s.right == len(s.asked)) {
		return s.early.Estimate()
	}
	return s.running.Estimate()
}

// step estimates, looks at the stop rule and chooses the next item.
func (s *session) step() Step {
	e := s.estimate()
	out := Step{
		Item: -1, Answered: len(s.asked), Theta: e.Theta, SE: e.SE,
		Score: s.t.bank.score(s.asked, e.Theta, e.SE, s.t.opts.Misfit, s.t.opts.Calibration),
	}
	if s.left == 0 {
		out.Stopped = "no item left"
		return out
	}
	s.t.information.at(s.value, e.Theta)
	for j, v := range s.value {
		if v > out.Information && s.open.has(j) {
			out.Information = v
		}
	}
	state := State{out.Answered, out.SE, out.Information, out.Score.Width()}
	if r := holding(s.t.opts.Stop, state); r != nil {
		out.Stopped = r.String()
		return out
	}
	out.Item = s.choose(e.Theta)
	return out
}

// choose returns the item with the largest value, or one of the Among largest. value
// holds the information.
func (s *session) choose(theta float64) int {
	o := &s.t.opts
	s.pcg.Seed(o.Seed^s.key, uint64(len(s.asked)))
	if o.Criterion == KullbackLeibler {
		s.t.divergence.at(s.value, theta, len(s.asked))
	}
	progress := min(1, float64(len(s.asked))/float64(o.Length))
	weigh(s.value, o.Criterion, s.open, progress, s.rng)
	pick := 0
	if o.Among > 1 {
		pick = s.rng.IntN(min(o.Among, s.left))
	}
	return s.open.nthLargest(s.value, pick)
}

// available marks as withdrawn what a model has no answer to.
func (s *session) available(m *response.Matrix, model int) {
	observed := m.ObservedWords(model)
	for w := range s.open {
		s.open[w] &= observed[w]
	}
	s.left = s.open.count()
}
