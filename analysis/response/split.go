package response

// TrainSet, ValidationSet and TestSet are row indices of one table. They are
// distinct types so that one can never be passed for another: a function that
// chooses something takes a TrainSet or a ValidationSet, only the final
// evaluation takes a TestSet.
type (
	TrainSet      struct{ Rows []int }
	ValidationSet struct{ Rows []int }
	TestSet       struct{ Rows []int }
)

// Split divides the models of a table.
type Split struct {
	Train      TrainSet
	Validation ValidationSet
	Test       TestSet
}
