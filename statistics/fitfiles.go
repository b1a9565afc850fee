package statistics

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"metabench/analysis/ability"
	"metabench/analysis/irt"
	"metabench/table"
)

// itemRecords are the parameters of the items in slope-intercept form, with standard
// errors unless se is nil, information and fit. What there is none of is empty.
func itemRecords(names []string, f *irt.Result, se *irt.StandardErrors, fits []irt.ItemFit) [][]string {
	records := [][]string{{
		"item", "a1", "d", "g", "u", "se_a1", "se_d", "se_g", "se_u", "b", "info_max", "info_argmax",
		"infit", "outfit", "s_x2", "s_x2_df", "s_x2_p", "estimated", "at_bound", "unbounded",
	}}
	for j, it := range f.Items {
		theta, most := it.MaxInformation()
		record := []string{names[j], number(it.A), number(it.D), number(it.G), number(it.U)}
		var e irt.Item
		if se != nil {
			e = se.Items[j]
		}
		if f.Unbounded[j] { // the curvature at an arbitrary point of a plain
			e.A, e.D = 0, 0
		}
		for _, v := range []float64{e.A, e.D, e.G, e.U} {
			record = append(record, numberUnlessZero(v))
		}
		b := ""
		if it.A != 0 {
			b = number(it.Difficulty())
		}
		record = append(record, b, number(most), number(theta), numberUnlessZero(fits[j].Infit), numberUnlessZero(fits[j].Outfit))
		if fits[j].DF > 0 {
			record = append(record, number(fits[j].SX2), strconv.Itoa(fits[j].DF), number(fits[j].PValue))
		} else {
			record = append(record, "", "", "")
		}
		records = append(records, append(record,
			strconv.FormatBool(f.Estimated[j]), strconv.FormatBool(f.Estimated[j] && f.Kind.AtBound(it)), strconv.FormatBool(f.Unbounded[j])))
	}
	return records
}

// abilityRecords are the abilities, then the columns that the table carried along.
func abilityRecords(answers *table.Responses, methods []ability.Method, estimates [][]ability.Estimate) [][]string {
	header := []string{"model"}
	for _, method := range methods {
		name := strings.ToLower(method.String())
		header = append(header, name, name+"_se")
	}
	extra := slices.Sorted(maps.Keys(answers.Extra))
	records := [][]string{append(header, extra...)}
	for i, model := range answers.Models {
		record := []string{model}
		for k := range methods {
			record = append(record, number(estimates[k][i].Theta), number(estimates[k][i].SE))
		}
		for _, name := range extra {
			record = append(record, answers.Extra[name][i])
		}
		records = append(records, record)
	}
	return records
}
