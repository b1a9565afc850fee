package warehouse

import (
	"cmp"
	"database/sql/driver"
	"fmt"

	"metabench/corpus"
)

// ensureModel returns a model's key and adds it if need be.
func (c *change) ensureModel(name string) (int32, error) {
	if id, ok := c.models[name]; ok {
		return id, nil
	}
	if err := validName("model", name); err != nil {
		return 0, &DataError{File: c.source, Object: "model", Reason: err.Error()}
	}
	id := int32(len(c.models) + 1)
	c.models[name] = id
	c.newModels[id] = &corpus.Model{Name: name}
	return id, nil
}

// modelRow is a model's row. Unknown is NULL.
func modelRow(id int32, m *corpus.Model) []driver.Value {
	return []driver.Value{
		id, m.Name, valueOf(m.Parameters), nullable(m.ParamsSource), nullable(m.Architecture), nullable(m.Precision),
		nullable(m.BaseModel), nullable(m.License), valueOf(m.Flagged), valueOf(m.Merged), valueOf(m.MoE), valueOf(m.Available), nullable(m.Revision),
	}
}

// mergeModel adds what is newly known of a model to what is there.
func (c *change) mergeModel(m corpus.Model) error {
	id, err := c.ensureModel(m.Name)
	if err != nil {
		return err
	}
	if old := c.newModels[id]; old != nil {
		*old = corpus.Model{
			Name:         old.Name,
			Parameters:   cmp.Or(m.Parameters, old.Parameters),
			ParamsSource: cmp.Or(m.ParamsSource, old.ParamsSource),
			Architecture: cmp.Or(m.Architecture, old.Architecture),
			Precision:    cmp.Or(m.Precision, old.Precision),
			BaseModel:    cmp.Or(m.BaseModel, old.BaseModel),
			License:      cmp.Or(m.License, old.License),
			Flagged:      cmp.Or(m.Flagged, old.Flagged),
			Merged:       cmp.Or(m.Merged, old.Merged),
			MoE:          cmp.Or(m.MoE, old.MoE),
			Available:    cmp.Or(m.Available, old.Available),
			Revision:     cmp.Or(m.Revision, old.Revision),
		}
		return nil
	}
	row := modelRow(id, &m)
	err = c.exec(`
		UPDATE model SET
			parameters    = coalesce(?, parameters),
			params_source = coalesce(?, params_source),
			architecture  = coalesce(?, architecture),
			precision     = coalesce(?, precision),
			base_model    = coalesce(?, base_model),
			license       = coalesce(?, license),
			flagged       = coalesce(?, flagged),
			merged        = coalesce(?, merged),
			moe           = coalesce(?, moe),
			available     = coalesce(?, available),
			revision      = coalesce(?, revision)
		WHERE model_id = ?`, append(arguments(row[2:]), id)...)
	if err != nil {
		return fmt.Errorf("describe model %.80q: %w", m.Name, err)
	}
	return nil
}

func arguments(row []driver.Value) []any {
	args := make([]any, 0, len(row)+1)
	for _, v := range row {
		args = append(args, v)
	}
	return args
}
