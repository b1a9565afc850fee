package response

// TrainSet, ValidationSet and TestSet are row indices of one table. They are
// distinct types so that one can never be passed for another: a function that
// chooses something takes a TrainSet or a ValidationSet, only the final
// evaluation takes a TestSet.

// TrainSet is the rows that parameters are estimated on.
type TrainSet struct{ Rows []int }

// ValidationSet is the rows that hyper-parameters are chosen on.
type ValidationSet struct{ Rows []int }

// TestSet is the rows that the final error is measured on, once.
type TestSet struct{ Rows []int }

// Split divides the models of a table.
type Split struct {
	Train      TrainSet
	Validation ValidationSet
	Test       TestSet
}
