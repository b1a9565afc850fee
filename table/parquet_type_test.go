package table

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"metabench/corpus"
)

// columnFile is a Parquet file with one optional column of a type, by dictionary or not.
func columnFile(t *testing.T, node parquet.Node, dictionary bool, values ...parquet.Value) string {
	t.Helper()
	if dictionary {
		node = parquet.Encoded(node, &parquet.RLEDictionary)
	}
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("t", parquet.Group{"x": parquet.Optional(node)}))
	for _, v := range append(values, parquet.NullValue()) {
		level := 1
		if v.IsNull() {
			level = 0
		}
		if _, err := w.WriteRows([]parquet.Row{{v.Level(0, level, 0)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryParquetTypeIsReadAsWhatItMeans(t *testing.T) {
	cases := map[string]struct {
		node   parquet.Node
		values []parquet.Value
		want   []string
	}{
		"boolean":      {parquet.Leaf(parquet.BooleanType), []parquet.Value{parquet.BooleanValue(true), parquet.BooleanValue(false)}, []string{"true", "false"}},
		"int32":        {parquet.Leaf(parquet.Int32Type), []parquet.Value{parquet.Int32Value(-5)}, []string{"-5"}},
		"int64":        {parquet.Leaf(parquet.Int64Type), []parquet.Value{parquet.Int64Value(math.MaxInt64), parquet.Int64Value(math.MaxInt64 - 1)}, []string{"9223372036854775807", "9223372036854775806"}},
		"int8":         {parquet.Int(8), []parquet.Value{parquet.Int32Value(-128)}, []string{"-128"}},
		"uint8":        {parquet.Uint(8), []parquet.Value{parquet.Int32Value(255)}, []string{"255"}},
		"uint32":       {parquet.Uint(32), []parquet.Value{parquet.Int32Value(-1)}, []string{"4294967295"}},
		"uint64":       {parquet.Uint(64), []parquet.Value{parquet.Int64Value(-1)}, []string{"18446744073709551615"}},
		"int96":        {parquet.Leaf(parquet.Int96Type), []parquet.Value{parquet.Int96Value(deprecated.Int96{500_000_000, 0, 2440588 + 365})}, []string{"1971-01-01 00:00:00.5"}},
		"float":        {parquet.Leaf(parquet.FloatType), []parquet.Value{parquet.FloatValue(0.5), parquet.FloatValue(1e6)}, []string{"0.5", "1000000"}},
		"double":       {parquet.Leaf(parquet.DoubleType), []parquet.Value{parquet.DoubleValue(0.1), parquet.DoubleValue(1), parquet.DoubleValue(1e300)}, []string{"0.1", "1", "1e+300"}},
		"bytes":        {parquet.Leaf(parquet.ByteArrayType), []parquet.Value{parquet.ByteArrayValue([]byte("abc"))}, []string{"abc"}},
		"string":       {parquet.String(), []parquet.Value{parquet.ByteArrayValue([]byte("é"))}, []string{"é"}},
		"enum":         {parquet.Enum(), []parquet.Value{parquet.ByteArrayValue([]byte("red"))}, []string{"red"}},
		"json":         {parquet.JSON(), []parquet.Value{parquet.ByteArrayValue([]byte(`{"a": 1}`))}, []string{`{"a": 1}`}},
		"decimal_4":    {parquet.Decimal(2, 9, parquet.Int32Type), []parquet.Value{parquet.Int32Value(100), parquet.Int32Value(-5), parquet.Int32Value(1250)}, []string{"1", "-0.05", "12.5"}},
		"decimal_8":    {parquet.Decimal(0, 18, parquet.Int64Type), []parquet.Value{parquet.Int64Value(999999999999999999), parquet.Int64Value(999999999999999998)}, []string{"999999999999999999", "999999999999999998"}},
		"decimal_fix":  {parquet.Decimal(1, 20, parquet.FixedLenByteArrayType(9)), []parquet.Value{parquet.FixedLenByteArrayValue([]byte{0, 0, 0, 0, 0, 0, 0, 0, 10}), parquet.FixedLenByteArrayValue([]byte{255, 255, 255, 255, 255, 255, 255, 255, 251})}, []string{"1", "-0.5"}},
		"decimal_var":  {parquet.Decimal(2, 38, parquet.ByteArrayType), []parquet.Value{parquet.ByteArrayValue([]byte{100}), parquet.ByteArrayValue([]byte{0}), parquet.ByteArrayValue([]byte{0xff, 0x38})}, []string{"1", "0", "-2"}},
		"date":         {parquet.Date(), []parquet.Value{parquet.Int32Value(19723), parquet.Int32Value(-1)}, []string{"2024-01-01", "1969-12-31"}},
		"time_ms":      {parquet.Time(parquet.Millisecond), []parquet.Value{parquet.Int32Value(3_600_000 + 250)}, []string{"01:00:00.25"}},
		"time_us":      {parquet.Time(parquet.Microsecond), []parquet.Value{parquet.Int64Value(86_399_999_999)}, []string{"23:59:59.999999"}},
		"time_ns":      {parquet.Time(parquet.Nanosecond), []parquet.Value{parquet.Int64Value(1)}, []string{"00:00:00.000000001"}},
		"timestamp_ms": {parquet.TimestampAdjusted(parquet.Millisecond, false), []parquet.Value{parquet.Int64Value(-1)}, []string{"1969-12-31 23:59:59.999"}},
		"timestamp_us": {parquet.TimestampAdjusted(parquet.Microsecond, true), []parquet.Value{parquet.Int64Value(1)}, []string{"1970-01-01 00:00:00.000001+00"}},
		"timestamp_ns": {parquet.TimestampAdjusted(parquet.Nanosecond, false), []parquet.Value{parquet.Int64Value(1)}, []string{"1970-01-01 00:00:00.000000001"}},
		"uuid":         {parquet.UUID(), []parquet.Value{parquet.FixedLenByteArrayValue([]byte("0123456789abcdef"))}, []string{"30313233-3435-3637-3839-616263646566"}},
	}
	for name, c := range cases {
		for _, dictionary := range []bool{false, true} {
			if dictionary && name == "boolean" {
				continue // which has no dictionary
			}
			t.Run(name, func(t *testing.T) {
				f := readText(t, columnFile(t, c.node, dictionary, c.values...))
				got, err := f.Strings("x")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(append(c.want, ""), got); diff != "" { // the last one is missing
					t.Errorf("by dictionary: %v\n%s", dictionary, diff)
				}
			})
		}
	}
}

// Answers and names keep their meaning in every type that can hold them.
func TestDecimalAndFloatingColumnsAreImportedWhole(t *testing.T) {
	decimal := func(v byte) parquet.Value { return parquet.ByteArrayValue([]byte{v}) }
	schema := parquet.NewSchema("t", parquet.Group{
		"benchmark": parquet.Leaf(parquet.DoubleType), "correct": parquet.Decimal(2, 38, parquet.ByteArrayType),
		"model": parquet.Decimal(0, 18, parquet.Int64Type), "subject": parquet.Leaf(parquet.FloatType), "subject_item": parquet.Leaf(parquet.DoubleType),
	})
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema)
	for k := range 16 {
		row := parquet.Row{
			parquet.DoubleValue(float64(k&1+1)).Level(0, 0, 0), decimal(byte(100*(k>>3&1))).Level(0, 0, 1),
			parquet.Int64Value(int64(999999999999999990+k>>3)).Level(0, 0, 2), parquet.FloatValue(float32(k>>2&1)).Level(0, 0, 3),
			parquet.DoubleValue(float64(1e6+k>>1&1)).Level(0, 0, 4),
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := ReadLong(t.Context(), write(t, map[string]string{"t.parquet": b.String()}), LongOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]uint8{}
	for _, block := range in.Blocks {
		got[block.Benchmark+" "+block.Task+" "+block.Model] = block.Correct
	}
	want := map[string][]uint8{}
	for _, benchmark := range []string{"1", "2"} {
		for _, task := range []string{"0", "1"} {
			want[benchmark+" "+task+" 999999999999999990"] = []uint8{0, 0}
			want[benchmark+" "+task+" 999999999999999991"] = []uint8{1, 1}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParquetTypesThatAreNotReadAreRefusedByName(t *testing.T) {
	kind := func(k parquet.Kind) (e format.SchemaElement) {
		e.Type.V, e.Type.Valid = format.Type(k), true
		return e
	}
	with := func(e format.SchemaElement, length int32, l format.LogicalTypeValue) *format.SchemaElement {
		e.TypeLength.V, e.TypeLength.Valid = length, true
		e.LogicalType.Value = l
		return &e
	}
	interval := with(kind(parquet.FixedLenByteArray), 12, nil)
	interval.ConvertedType.V, interval.ConvertedType.Valid = deprecated.Interval, true
	for want, e := range map[string]*format.SchemaElement{
		"INTERVAL (FIXED_LEN_BYTE_ARRAY(12))":            interval,
		"BSON (BYTE_ARRAY)":                              with(kind(parquet.ByteArray), 0, &format.BsonType{}),
		"type FIXED_LEN_BYTE_ARRAY(3),":                  with(kind(parquet.FixedLenByteArray), 3, nil),
		"UUID (FIXED_LEN_BYTE_ARRAY(3))":                 with(kind(parquet.FixedLenByteArray), 3, &format.UUIDType{}),
		"DATE (INT64)":                                   with(kind(parquet.Int64), 0, &format.DateType{}),
		"STRING (INT32)":                                 with(kind(parquet.Int32), 0, &format.StringType{}),
		"DECIMAL(10,-2) (INT32)":                         with(kind(parquet.Int32), 0, &format.DecimalType{Precision: 10, Scale: -2}),
		"TIMESTAMP(isAdjustedToUTC=false,unit=) (INT64)": with(kind(parquet.Int64), 0, &format.TimestampType{}),
		"GEOMETRY": with(kind(parquet.ByteArray), 0, &format.GeometryType{}),
	} {
		if _, reason := typeOf(e); !strings.Contains(reason, want) || !strings.Contains(reason, "isn't read") {
			t.Errorf("reason %q, want %q", reason, want)
		}
	}
	half := with(kind(parquet.FixedLenByteArray), 2, &format.Float16Type{})
	typ, reason := typeOf(half)
	if reason != "" {
		t.Fatal(reason)
	}
	for bits, want := range map[uint16]float64{0x3c00: 1, 0: 0, 0xc000: -2, 0x3555: 0.333251953125, 0x0001: math.Ldexp(1, -24), 0x7c00: math.Inf(1)} {
		if got := typ.number(parquet.FixedLenByteArrayValue([]byte{byte(bits), byte(bits >> 8)})); got != want {
			t.Errorf("half %04x is %v, want %v", bits, got, want)
		}
	}
	// The column, its type and what to do are said where it is asked for.
	file := columnFile(t, parquet.Leaf(parquet.FixedLenByteArrayType(3)), false, parquet.FixedLenByteArrayValue([]byte("abc")))
	_, err := ReadFrame(t.Context(), write(t, map[string]string{"t.parquet": file})[0])
	var e *corpus.DataError
	if !errors.As(err, &e) || e.Column != "x" || !strings.Contains(err.Error(), "FIXED_LEN_BYTE_ARRAY(3)") || !strings.Contains(err.Error(), "Cast it") {
		t.Errorf("error %v", err)
	}
}
