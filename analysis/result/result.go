package result

// Set is all results of one build for one benchmark. The warehouse replaces the
// benchmark's earlier rows by it in one transaction.
type Set struct {
	Benchmark   string
	Splits      []Split
	Fits        []Fit
	Items       []ItemParameter
	Abilities   []Ability
	Searches    []SearchStep
	Selected    []SelectedItem
	Models      []ReconstructionModel
	Predictions []Prediction
	Metrics     []Metric
	Forms       []FormReliability
	Curve       []LearningPoint
	Calibrated  []Calibrated
	LeftOut     []LeftOut
}

// LeftOut is a part of the results, or an item of a pinned form, that the answers don't
// allow, and the reason.
type LeftOut struct {
	Part   string `json:"part"`           // what is missing: "benchmark" for all of it, "form B", "family split", …
	Item   string `json:"item,omitempty"` // a pinned item that the form lacks; empty for whole parts
	Reason string `json:"reason"`
}

// Split is the part of a split that a model is in.
type Split struct {
	Scheme string // "random" or "family"
	Model  string
	Part   string // "train", "validation" or "test"; "none" without a score, or for an outlier
	Family string // the group the model was kept with; empty in the random scheme
}

// Fit is how an item response model's estimation ended.
type Fit struct {
	Stage         string // "full", "preselected", "form A", "form B"
	Kind          string // "2PL", "3PL", "4PL"
	Persons       int
	Items         int
	LogLikelihood float64
	Gradient      float64 // largest absolute component at the end
	Iterations    int
	Status        string
}

// ItemParameter is an item of a fit, P(θ) = g + (u−g)/(1+exp(−(a·θ+d))).
// Standard errors are NaN where they were not computed.
type ItemParameter struct {
	Stage          string
	Kind           string
	Item           string
	A, D, G, U     float64
	SEA, SED       float64
	SEG, SEU       float64
	MaxInformation float64
	ArgMax         float64 // θ at which the information is largest
	Infit, Outfit  float64
}

// Ability is a model's ability on the logit scale of a fit.
type Ability struct {
	Stage     string
	Kind      string
	Estimator string // "MAP", "EAP", "EAPsum"
	Model     string
	Theta, SE float64
}

// SearchStep is one evaluation of the hyper-parameter search.
type SearchStep struct {
	Form      string
	Step      int
	Kind      string
	Estimator string
	Grid      string // "quantile" or "even"
	Threshold float64
	Items     int
	RMSE      float64 // points, on the validation models
	Objective float64 // RMSE + λ·items
	Chosen    bool
}

// SelectedItem is an item of the distilled benchmark.
type SelectedItem struct {
	Form        string // "A", "B", or a released form
	Position    int    // 1-based order of selection
	Item        string
	Theta       float64 // where on the ability scale it was chosen for
	Information float64 // its information there
	Inclusion   float64 // probability with which the selection included it: 1 for an item chosen by answers; 0 where there is none
}

// ReconstructionModel is a fitted map from answers to full scores.
type ReconstructionModel struct {
	Target string // the benchmark, or "mean" for the mean of all
	Form   string
	Method string
	Metric string // what "correct" meant for the answers it was fitted on
	Chosen bool   // the method that predictions for new models use
	Detail string // human-readable: terms, penalty, effective degrees of freedom
	Blob   []byte // serialised predictor
}

// Prediction is a reconstructed score, in points from 0 to 100.
type Prediction struct {
	Target       string
	Form         string
	Method       string
	Scheme       string
	Model        string
	Part         string
	Score        float64 // true score
	Predicted    float64
	Lower, Upper float64 // 90 % interval; NaN when the method has none
	Place        string  // where the model stands to those of the calibration, see reconstruct.Place; empty when the method does not say
	Reason       string  // why it stands there
}

// Metric is the error of a method on one part of the models.
type Metric struct {
	Target   string
	Form     string
	Method   string
	Scheme   string
	Part     string
	Group    string // "all", "low third", "middle third", "high third", or a family
	Models   int
	Items    int
	RMSE     float64 // points
	MAE      float64 // points
	Bias     float64 // points, mean of predicted − true
	Spearman float64
	Coverage float64 // share of true scores inside the 90 % interval; NaN when there is none
	Width    float64 // mean width of the interval, points
}

// FormReliability compares the two disjoint forms of a distilled benchmark.
type FormReliability struct {
	FormA, FormB string
	Models       int
	Correlation  float64 // of the two reconstructed scores, over the test models
	RMSD         float64 // points
}

// LearningPoint is the error of the reconstruction made with fewer models or items.
type LearningPoint struct {
	Axis           string // what varies: "models" or "items"
	TrainingModels int
	Items          int
	TestModels     int
	RMSE, MAE      float64 // points, on the test models
}
