package response

// Align returns the answers of models in the given order. A model that the table does not
// have is a row without answers; models of the table that are not named are left out.
func (t *Table) Align(models []string) *Matrix {
	row := make(map[string]int, len(t.Models))
	for i, m := range t.Models {
		row[m] = i
	}
	_, items := t.Answers.Dims()
	out := New(len(models), items)
	for k, m := range models {
		if i, ok := row[m]; ok {
			copy(out.correct[k*out.stride:(k+1)*out.stride], t.Answers.CorrectWords(i))
			copy(out.observed[k*out.stride:(k+1)*out.stride], t.Answers.ObservedWords(i))
		}
	}
	return out
}
