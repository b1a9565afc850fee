package analysis

import (
	"metabench/analysis/distill"
	"metabench/analysis/irt"
	"metabench/analysis/result"
)

// form is a set of selected items.
type form struct {
	Name        string
	Columns     []int     // columns of the table, in order of selection
	Theta       []float64 // ability at which each is most informative
	Information []float64 // its information there
}

// informative selects n of the columns by their information over the range of the
// training models' abilities: one quantile bin of an even grid an item.
func informative(name string, columns []int, fit fitted, abilities []float64, n int) (form, error) {
	grid, err := distill.NewGrid(distill.EvenGrid, abilities, 4*n)
	if err != nil {
		return form{}, err
	}
	information := make([][]float64, len(fit.Items))
	for j, it := range fit.Items {
		information[j] = make([]float64, len(grid.Theta))
		for k, theta := range grid.Theta {
			information[j][k] = it.Information(theta)
		}
	}
	filter, err := distill.NewFilter(information, grid, n)
	if err != nil {
		return form{}, err
	}
	f := form{Name: name}
	for _, j := range filter.Select(0) {
		f.add(columns[j], fit.Items[j])
	}
	return f, nil
}

func (f *form) add(column int, it irt.Item) {
	theta, information := it.MaxInformation()
	f.Columns = append(f.Columns, column)
	f.Theta = append(f.Theta, theta)
	f.Information = append(f.Information, information)
}

// rows describes the form as rows of results.
func (f *form) rows(items []string) []result.SelectedItem {
	rows := make([]result.SelectedItem, len(f.Columns))
	for k, j := range f.Columns {
		rows[k] = result.SelectedItem{Form: f.Name, Position: k + 1, Item: items[j], Theta: f.Theta[k], Information: f.Information[k]}
	}
	return rows
}
