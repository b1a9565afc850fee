package warehouse

import (
	"cmp"
	"context"
	"database/sql"
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
		return 0, &corpus.DataError{File: c.source, Object: "model", Reason: err.Error()}
	}
	id := int32(len(c.models) + 1)
	c.models[name] = id
	c.described[id] = &corpus.Model{Name: name}
	c.newModels[id] = true
	return id, nil
}

// modelColumns are those of the table model after its key and name, in order.
const modelColumns = `parameters, params_source, architecture, precision, base_model, license, flagged, merged, moe, available, revision`

// modelRow is a model's row. Unknown is NULL.
func modelRow(id int32, m *corpus.Model) []driver.Value {
	return []driver.Value{
		id, m.Name, valueOf(m.Parameters), nullable(m.ParamsSource), nullable(m.Architecture), nullable(m.Precision),
		nullable(m.BaseModel), nullable(m.License), valueOf(m.Flagged), valueOf(m.Merged), valueOf(m.MoE), valueOf(m.Available), nullable(m.Revision),
	}
}

// loadModels reads what is known of every model.
func (c *catalogue) loadModels(ctx context.Context, conn *sql.Conn) error {
	var id int32
	var name string
	var parameters sql.Null[float64]
	var source, architecture, precision, base, license, revision sql.NullString
	var flagged, merged, moe, available sql.Null[bool]
	err := scanEach(ctx, conn, `SELECT model_id, model, `+modelColumns+` FROM model`,
		[]any{&id, &name, &parameters, &source, &architecture, &precision, &base, &license, &flagged, &merged, &moe, &available, &revision}, func() {
			c.models[name] = id
			c.described[id] = &corpus.Model{
				Name: name, Parameters: pointer(parameters), ParamsSource: source.String, Architecture: architecture.String,
				Precision: precision.String, BaseModel: base.String, License: license.String, Flagged: pointer(flagged),
				Merged: pointer(merged), MoE: pointer(moe), Available: pointer(available), Revision: revision.String,
			}
		})
	if err != nil {
		return fmt.Errorf("read models: %w", err)
	}
	return nil
}

func pointer[T any](v sql.Null[T]) *T {
	if !v.Valid {
		return nil
	}
	return &v.V
}

// mergeModel adds what is newly known of a model to what is there.
func (c *change) mergeModel(m corpus.Model) error {
	id, err := c.ensureModel(m.Name)
	if err != nil {
		return err
	}
	old := c.described[id]
	known := &corpus.Model{
		Name:         old.Name,
		Parameters:   newer(m.Parameters, old.Parameters),
		ParamsSource: cmp.Or(m.ParamsSource, old.ParamsSource),
		Architecture: cmp.Or(m.Architecture, old.Architecture),
		Precision:    cmp.Or(m.Precision, old.Precision),
		BaseModel:    cmp.Or(m.BaseModel, old.BaseModel),
		License:      cmp.Or(m.License, old.License),
		Flagged:      newer(m.Flagged, old.Flagged),
		Merged:       newer(m.Merged, old.Merged),
		MoE:          newer(m.MoE, old.MoE),
		Available:    newer(m.Available, old.Available),
		Revision:     cmp.Or(m.Revision, old.Revision),
	}
	c.described[id] = known
	if *known == *old || c.newModels[id] {
		return nil
	}
	row := modelRow(id, known)
	err = c.exec(`
		UPDATE model SET
			parameters = ?, params_source = ?, architecture = ?, precision = ?, base_model = ?, license = ?,
			flagged = ?, merged = ?, moe = ?, available = ?, revision = ?
		WHERE model_id = ?`, append(arguments(row[2:]), id)...)
	if err != nil {
		return fmt.Errorf("describe model %.80q: %w", m.Name, err)
	}
	return nil
}

// newer is what p points to where that is known and differs from what is known
// already, else old itself: equal knowledge is the same pointer.
func newer[T comparable](p, old *T) *T {
	if p == nil || old != nil && *p == *old {
		return old
	}
	return p
}

func arguments(row []driver.Value) []any {
	args := make([]any, 0, len(row)+1)
	for _, v := range row {
		args = append(args, v)
	}
	return args
}
