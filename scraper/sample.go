package scraper

import (
	"context"
	"slices"
	"sync"

	"metabench/corpus"
	"metabench/scraper/details"
	"metabench/scraper/hub"
)

// What a plan samples. Files differ in columns and compression, which only their footers
// show.
const (
	sampleRepos  = 24 // spread evenly over those with something to do
	sampleModels = 6  // of these, how many models are asked about
	sampleTasks  = 72 // of a benchmark with many tasks, spread over the repositories
)

// sample is what was read of some of a crawl's repositories.
type sample struct {
	*Crawl
	visits []*visit

	mu     sync.Mutex
	files  map[string][][]sampleFile // by benchmark and repository
	opened int                       // files
	first  int64                     // bytes of the first reads of all opened files
}

// sampleFile is the cost of reading a file, by its footer.
type sampleFile struct {
	missing     bool // from the repository
	size        int64
	footer      int64  // 0: not read
	fingerprint string // see details.File
	details.Cost
}

// forecast estimates the bytes that a crawl of the jobs transfers. What it reads for
// that is not stored. A repository or file that fails counts with what the attempt takes.
func (c *Crawl) forecast(ctx context.Context, p *Plan) error {
	begin := c.Hub.Stats().Bytes
	p.Bytes.Known = begin // the crawl lists again what the plan did
	for _, s := range c.scores {
		p.Bytes.Known += s.files[0].Size
	}
	s := &sample{Crawl: c, files: map[string][][]sampleFile{}}
	n := min(sampleRepos, len(c.jobs))
	for k := range n {
		s.visits = append(s.visits, &visit{Crawl: c, job: c.jobs[(2*k+1)*len(c.jobs)/(2*n)]})
	}
	for _, b := range c.selected() {
		s.files[b.Name] = make([][]sampleFile, n)
	}
	if n > 0 {
		if err := s.measure(ctx, p); err != nil {
			return err
		}
	}
	p.Bytes.Total = p.Bytes.Known + p.Bytes.Models + p.Bytes.Questions
	p.Sampled = Sampled{Repositories: n, Files: s.opened, Bytes: c.Hub.Stats().Bytes - begin}
	return nil
}

// measure reads the sampled repositories and extrapolates.
func (s *sample) measure(ctx context.Context, p *Plan) error {
	trees, err := s.cost(ctx, s.visits, s.readTree)
	if err != nil {
		return err
	}
	perRepo := float64(trees) / float64(len(s.visits))
	if !s.NoModels {
		list, err := s.cost(ctx, s.visits[:1], func(ctx context.Context, _ *visit) error {
			_, err := s.requestFiles(ctx)
			return err
		})
		if err != nil {
			return err
		}
		some := s.visits[:min(sampleModels, len(s.visits))]
		described, err := s.cost(ctx, some, s.describe)
		if err != nil {
			return err
		}
		p.Bytes.Known += list
		perRepo += float64(described) / float64(len(some))
	}
	read, err := s.cost(ctx, s.visits, s.open)
	if err != nil {
		return err
	}
	redirect := float64(read-s.first) / float64(max(1, s.opened))
	models, questions := perRepo*float64(len(s.jobs)), 0.0
	for _, b := range s.selected() {
		files, tasks := 0, map[string]bool{}
		for _, j := range s.jobs {
			for _, t := range s.outstanding(j.known, j.SHA) {
				if t.Benchmark.Name == b.Name {
					files++
					tasks[t.Task.Name] = true
				}
			}
		}
		if files > 0 {
			models += float64(files) * (redirect + s.perFile(b, max(1, files/len(tasks))))
			questions += float64(len(tasks)) * s.questions(b)
		}
	}
	p.Bytes.Models, p.Bytes.Questions = int64(models), int64(questions)
	return nil
}

// cost does work for each of the sampled repositories and returns how many bytes that
// took, given that nothing else uses the client. Only fatal errors are returned.
func (s *sample) cost(ctx context.Context, visits []*visit, work func(context.Context, *visit) error) (int64, error) {
	before := s.Hub.Stats().Bytes
	err := inParallel(ctx, s.Parallel, visits, func(ctx context.Context, v *visit) error {
		if err := work(ctx, v); err != nil && fatal(err) {
			return err
		}
		return nil
	})
	return s.Hub.Stats().Bytes - before, err
}

// readTree reads a repository's tree and finds its model.
func (s *sample) readTree(ctx context.Context, v *visit) error {
	if v.Disabled {
		return nil
	}
	if err := v.tree(ctx); err != nil {
		return err
	}
	return v.name(ctx)
}

// describe reads the description of a repository's model.
func (s *sample) describe(ctx context.Context, v *visit) error {
	if v.model == "" {
		return nil
	}
	_, err := s.modelOf(ctx, v.model)
	return err
}

// open reads the footers of some of a repository's files.
func (s *sample) open(ctx context.Context, v *visit) error {
	open := map[string][]taskOf{}
	for _, t := range s.outstanding(v.known, v.SHA) {
		open[t.Benchmark.Name] = append(open[t.Benchmark.Name], t)
	}
	index := slices.Index(s.visits, v)
	for _, b := range s.selected() {
		tasks, candidates := open[b.Name], details.Candidates(v.paths, b)
		n := min(sampleTasks/len(s.visits), len(tasks))
		found := make([]sampleFile, n)
		for k := range n {
			t := tasks[(index+k*len(tasks)/n)%len(tasks)]
			if len(candidates[t.Task.Name]) == 0 {
				found[k].missing = true
				continue
			}
			var err error
			if found[k], err = s.footer(ctx, v, t, v.files[candidates[t.Task.Name][0].Path]); err != nil && fatal(err) {
				return err
			}
		}
		s.mu.Lock()
		s.files[b.Name][index] = found
		s.mu.Unlock()
	}
	return nil
}

// footer reads the footer of one file.
func (s *sample) footer(ctx context.Context, v *visit, t taskOf, e hub.Entry) (found sampleFile, err error) {
	found.size = e.Size
	first := int64(0)
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.opened++
		s.first += first
	}()
	remote, err := s.Hub.Open(ctx, v.Repo, v.SHA, e)
	if err != nil || s.Full {
		return found, err
	}
	defer remote.Close() //nolint:errcheck // a temporary file that was only read
	first = details.FirstRead(e.Size, 0)
	f, err := details.Open(remote, 0)
	if err != nil {
		return found, err
	}
	found.footer, found.fingerprint = f.FooterSize(), f.Fingerprint()
	if found.footer > first {
		first += found.footer - 8
	}
	if f.CheckRows(t.Task.Items) != nil { // nothing more is read of it
		return found, nil
	}
	found.Cost, err = f.Cost(t.Benchmark.Metric)
	return found, err
}

// perFile is how many bytes a file of a benchmark takes on average, redirects excepted, when
// so many repositories are read one after the other. The tail that is requested grows with
// the footers; see sawTail.
func (s *sample) perFile(b corpus.Benchmark, repositories int) float64 {
	sum, n := 0.0, 0
	for column := range sampleTasks / len(s.visits) {
		var tail int64
		for k := range repositories {
			found := s.files[b.Name][k%len(s.visits)]
			if column >= len(found) {
				continue
			}
			n++
			sum += float64(found[column].bytes(s.Full, tail))
			tail = max(tail, roundTail(found[column].footer))
		}
	}
	return sum / float64(max(1, n))
}

// bytes is what a file takes when a tail of so many bytes is requested first, with its
// questions where a file has no fingerprint.
func (f sampleFile) bytes(full bool, tail int64) int64 {
	first := details.FirstRead(f.size, tail)
	switch {
	case f.missing:
		return 0
	case full || first == f.size:
		return f.size
	case f.footer > first:
		first += f.footer - 8
	}
	if f.fingerprint == "" {
		return first + f.Answers + f.Questions
	}
	return first + f.Answers
}

// questions is how many bytes the questions of one task of a benchmark take, once for
// every kind of file.
func (s *sample) questions(b corpus.Benchmark) float64 {
	if s.Full {
		return 0
	}
	bytes, times := map[string]float64{}, map[string]float64{}
	for _, f := range slices.Concat(s.files[b.Name]...) {
		if f.fingerprint == "" {
			continue
		}
		kind := f.Kind
		if len(b.Tasks) == 1 {
			kind = f.fingerprint
		}
		times[kind]++
		if details.FirstRead(f.size, 0) < f.size {
			bytes[kind] += float64(f.Questions)
		}
	}
	sum := 0.0
	for kind, all := range bytes {
		sum += all / times[kind]
	}
	return sum
}
