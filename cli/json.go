package cli

import (
	"fmt"
	"math"
	"time"
)

// jsonValue turns a value of a query into one that JSON can hold: numbers that
// are not finite become null, times and anything unusual text.
func jsonValue(v any) any {
	switch x := v.(type) {
	case float64:
		return jsonFloat(x)
	case float32:
		return jsonFloat(float64(x))
	case []any:
		out := make([]any, len(x))
		for k := range x {
			out[k] = jsonValue(x[k])
		}
		return out
	case []byte:
		return fmt.Sprintf("%x", x)
	case time.Time:
		return x.Format(time.RFC3339Nano)
	case nil, bool, string, int8, int16, int32, int64, int, uint8, uint16, uint32, uint64:
		return v
	}
	return fmt.Sprint(v)
}

// jsonFloat is x, or nil where JSON has no number for it.
func jsonFloat(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}
