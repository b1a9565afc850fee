package result

// The names that distinguish results, as they are written into the warehouse. SQL
// spells them out; tests compare its literals and its comments with these.

// Scheme is the rule of a split.
type Scheme string

// The schemes.
const (
	SchemeRandom Scheme = "random" // choices for users are made in this one
	SchemeFamily Scheme = "family" // related models stay in one part
)

// Part is a part of a split.
type Part string

// The parts.
const (
	PartTrain      Part = "train"
	PartValidation Part = "validation"
	PartTest       Part = "test"
	PartNone       Part = "none" // models without a score on the whole benchmark, and outliers
)

// FormName is the name of a form; ReleasedForm makes those of releases.
type FormName string

// The forms of a build.
const (
	FormA            FormName = "A"
	FormB            FormName = "B"
	FormAInformation FormName = "A information" // as many items by the published filter alone
	FormBInformation FormName = "B information"
	FormRandomA      FormName = "random A" // as many random items as form A has; errors are means over draws
	FormRandomB      FormName = "random B"
)

// Stage is which items an item response model was fitted to; "form " and a released
// form's name for those.
type Stage string

// The stages of a build.
const (
	StageBankA Stage = "bank A" // the candidates that form A is selected from
	StageBankB Stage = "bank B"
	StageFormA Stage = "form A"
	StageFormB Stage = "form B"
)

// Method is a method of reconstruction.
type Method string

// The methods.
const (
	MethodProcess Method = "gaussian process" // of all answers; what new models are scored by
	MethodAbility Method = "ability smooth"   // published: a smooth of the ability alone
	MethodRecipe  Method = "published recipe" // published: linear model, sub-score and ability
)

// Group is a part of the test models that an error is measured on.
type Group string

// The groups: all test models, thirds by their true score, and what random items vary by.
const (
	GroupAll         Group = "all"
	GroupLowThird    Group = "low third"
	GroupMiddleThird Group = "middle third"
	GroupHighThird   Group = "high third"
	GroupSpread      Group = "spread of draws" // standard deviations over the draws of random items
)

// RandomForm is the form of as many random items as a form has.
func RandomForm(form FormName) FormName { return "random " + form }

// JointName is the benchmark, and the target, of what spans all benchmarks.
const JointName = "mean"

// TaskMeanTarget is the target of a benchmark's mean over its tasks.
func TaskMeanTarget(benchmark string) string { return benchmark + taskMean }

const taskMean = ", mean of tasks"

// Place is where a model stands to those of the calibration.
type Place string

// The places.
const (
	PlaceInside  Place = "inside"
	PlaceEdge    Place = "near the edge"
	PlaceOutside Place = "outside"
)

// Axis is what varies in a learning curve.
type Axis string

// The axes.
const (
	AxisModels Axis = "models"
	AxisItems  Axis = "items"
)

// Enumerations are the values that columns of the result tables may have, by table and
// column. A form may also be that of a release, and a stage "form " and such a form.
func Enumerations() map[[2]string][]string {
	schemes, parts := list(SchemeRandom, SchemeFamily), list(PartTrain, PartValidation, PartTest)
	kinds, estimators := []string{"2PL", "3PL", "4PL"}, []string{"MAP", "EAP", "EAPsum"}
	stages, selected := list(StageBankA, StageBankB, StageFormA, StageFormB), list(FormA, FormB, FormAInformation, FormBInformation)
	read := append(list(FormRandomA, FormRandomB), selected...)
	methods := list(MethodProcess, MethodAbility, MethodRecipe)
	return map[[2]string][]string{
		{"split_assignment", "scheme"}:      schemes,
		{"split_assignment", "part"}:        append(list(PartNone), parts...),
		{"irt_fit", "stage"}:                stages,
		{"irt_fit", "kind"}:                 kinds,
		{"irt_fit", "status"}:               {"converged", "local", "iteration_limit", "stalled", "diverged", "degenerate", "cancelled", "unfinished"},
		{"item_parameter", "stage"}:         stages,
		{"item_parameter", "kind"}:          kinds,
		{"ability", "stage"}:                stages,
		{"ability", "kind"}:                 kinds,
		{"ability", "estimator"}:            estimators,
		{"selection_search", "form"}:        list(FormA, FormB),
		{"selection_search", "kind"}:        kinds,
		{"selection_search", "estimator"}:   estimators,
		{"selection_search", "grid"}:        {"quantile", "even"},
		{"selected_item", "form"}:           selected,
		{"reconstruction_model", "form"}:    list(FormA, FormB),
		{"reconstruction_model", "method"}:  list(MethodProcess),
		{"prediction", "form"}:              selected,
		{"prediction", "method"}:            methods,
		{"prediction", "scheme"}:            schemes,
		{"prediction", "part"}:              parts,
		{"prediction", "place"}:             list(PlaceInside, PlaceEdge, PlaceOutside),
		{"reconstruction_metric", "form"}:   read,
		{"reconstruction_metric", "method"}: methods,
		{"reconstruction_metric", "scheme"}: schemes,
		{"reconstruction_metric", "part"}:   list(PartTest),
		{"reconstruction_metric", "grp"}:    list(GroupAll, GroupLowThird, GroupMiddleThird, GroupHighThird, GroupSpread),
		{"form_reliability", "form_a"}:      list(FormA),
		{"form_reliability", "form_b"}:      list(FormB),
		{"learning_curve", "axis"}:          list(AxisModels, AxisItems),
	}
}

func list[S ~string](names ...S) []string {
	all := make([]string, len(names))
	for k, name := range names {
		all[k] = string(name)
	}
	return all
}
