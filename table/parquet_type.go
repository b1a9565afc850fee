package table

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetType says how the values of a column are delivered: as numbers where the file
// has floating point, else as text. Decimals are text, since a double cannot hold all of
// their digits, and two names must not become one.
type parquetType struct {
	number func(v parquet.Value) float64
	text   func(v parquet.Value) string
	plain  bool // the value's bytes are the text
}

// maxDecimalDigits bounds the scale of a decimal; wider ones are not written by anybody.
const maxDecimalDigits = 76

// typeOf says how a column of a file is delivered, or why it is not: reason is a phrase
// about the column. It goes by what the file declares, since the Parquet library knows
// fewer types than there are.
//
// Types: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
func typeOf(e *format.SchemaElement) (t parquetType, reason string) {
	physical := parquet.Kind(e.Type.V)
	logical := logicalTypeOf(e)
	name := physicalName(e)
	if logical != nil {
		name = logical.String() + " (" + name + ")"
	}
	fixed := func(n int32) bool { return physical == parquet.FixedLenByteArray && e.TypeLength.V == n }
	isInt := physical == parquet.Int32 || physical == parquet.Int64
	ok := true
	switch l := logical.(type) {
	case nil:
		switch physical {
		case parquet.Boolean:
			t.text = func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
		case parquet.Int32, parquet.Int64:
			t.text = signedText
		case parquet.Int96:
			t.text = int96Text
		case parquet.Float:
			t.number = func(v parquet.Value) float64 { return float64(v.Float()) }
		case parquet.Double:
			t.number = parquet.Value.Double
		case parquet.ByteArray:
			t.plain = true
		default:
			ok = false
		}
	case *format.StringType, *format.EnumType, *format.JsonType:
		t.plain, ok = true, physical == parquet.ByteArray
	case *format.IntType:
		t.text, ok = signedText, isInt
		if !l.IsSigned {
			t.text = unsignedText
		}
	case *format.DecimalType:
		t.text, ok = decimalText(int(l.Scale)), isInt || physical == parquet.ByteArray || physical == parquet.FixedLenByteArray
		ok = ok && l.Scale >= 0 && l.Scale <= maxDecimalDigits
	case *format.DateType:
		t.text, ok = dateText, physical == parquet.Int32
	case *format.TimeType:
		t.text, ok = clockText(l), isInt && l.Unit.Value != nil
	case *format.TimestampType:
		t.text, ok = timestampText(l), physical == parquet.Int64 && l.Unit.Value != nil
	case *format.UUIDType:
		t.text, ok = uuidText, fixed(16)
	case *format.Float16Type:
		t.number, ok = halfNumber, fixed(2)
	case *format.NullType: // nothing but missing values
		t.text = func(parquet.Value) string { return "" }
	default:
		ok = false
	}
	if !ok {
		return t, fmt.Sprintf("has the type %s, which isn't read", name)
	}
	return t, ""
}

// physicalName is how the format calls the way in which a column is stored.
func physicalName(e *format.SchemaElement) string {
	name := parquet.Kind(e.Type.V).String()
	if parquet.Kind(e.Type.V) == parquet.FixedLenByteArray {
		name += "(" + strconv.Itoa(int(e.TypeLength.V)) + ")"
	}
	return name
}

// intervalType is an INTERVAL, which the format knows as a converted type only.
type intervalType struct{ format.BsonType }

func (*intervalType) String() string { return "INTERVAL" }

// logicalTypeOf is what a column means: its logical type, or what an older writer says
// in its place. It is nil where a column is nothing but its physical type.
func logicalTypeOf(e *format.SchemaElement) format.LogicalTypeValue {
	if e.LogicalType.Value != nil {
		return e.LogicalType.Value
	}
	if !e.ConvertedType.Valid {
		return nil
	}
	unsigned := func(bits int8) *format.IntType { return &format.IntType{BitWidth: bits} }
	signed := func(bits int8) *format.IntType { return &format.IntType{BitWidth: bits, IsSigned: true} }
	millis, micros := format.TimeUnit{Value: &format.MilliSeconds{}}, format.TimeUnit{Value: &format.MicroSeconds{}}
	switch e.ConvertedType.V {
	case deprecated.UTF8:
		return &format.StringType{}
	case deprecated.Enum:
		return &format.EnumType{}
	case deprecated.Json:
		return &format.JsonType{}
	case deprecated.Bson:
		return &format.BsonType{}
	case deprecated.Decimal:
		return &format.DecimalType{Scale: e.Scale.V, Precision: e.Precision.V}
	case deprecated.Date:
		return &format.DateType{}
	case deprecated.TimeMillis:
		return &format.TimeType{Unit: millis}
	case deprecated.TimeMicros:
		return &format.TimeType{Unit: micros}
	case deprecated.TimestampMillis:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: millis}
	case deprecated.TimestampMicros:
		return &format.TimestampType{IsAdjustedToUTC: true, Unit: micros}
	case deprecated.Uint8:
		return unsigned(8)
	case deprecated.Uint16:
		return unsigned(16)
	case deprecated.Uint32:
		return unsigned(32)
	case deprecated.Uint64:
		return unsigned(64)
	case deprecated.Int8:
		return signed(8)
	case deprecated.Int16:
		return signed(16)
	case deprecated.Int32:
		return signed(32)
	case deprecated.Int64:
		return signed(64)
	}
	return &intervalType{} // and what else may come: it is refused
}

// signedOf is an integer stored in 4 or 8 bytes.
func signedOf(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func signedText(v parquet.Value) string { return strconv.FormatInt(signedOf(v), 10) }

func unsignedText(v parquet.Value) string {
	if v.Kind() == parquet.Int32 {
		return strconv.FormatUint(uint64(uint32(v.Int32())), 10)
	}
	return strconv.FormatUint(uint64(v.Int64()), 10)
}

// decimalText writes an integer divided by a power of ten with all its digits, but for
// zeros at the end behind the point: 1.50 is 1.5, 17.00 is 17.
func decimalText(scale int) func(parquet.Value) string {
	return func(v parquet.Value) string {
		n := new(big.Int)
		switch v.Kind() {
		case parquet.Int32, parquet.Int64:
			n.SetInt64(signedOf(v))
		default: // two's complement, the highest byte first
			b := v.ByteArray()
			n.SetBytes(b)
			if len(b) > 0 && b[0] >= 0x80 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
		}
		digits := new(big.Int).Abs(n).String()
		if missing := scale + 1 - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		text := digits[:len(digits)-scale]
		if behind := strings.TrimRight(digits[len(digits)-scale:], "0"); behind != "" {
			text += "." + behind
		}
		if n.Sign() < 0 {
			text = "-" + text
		}
		return text
	}
}

func dateText(v parquet.Value) string {
	return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().Format(time.DateOnly)
}

// clockLayout has as many digits of a second as are not zero.
const clockLayout = "15:04:05.999999999"

func clockText(t *format.TimeType) func(parquet.Value) string {
	return func(v parquet.Value) string {
		since := time.Duration(signedOf(v)) * t.Unit.Value.Duration()
		return time.Time{}.Add(since).Format(clockLayout)
	}
}

func timestampText(t *format.TimestampType) func(parquet.Value) string {
	at := func(n int64) time.Time { return time.Unix(0, n) }
	switch t.Unit.Value.(type) {
	case *format.MilliSeconds:
		at = time.UnixMilli
	case *format.MicroSeconds:
		at = time.UnixMicro
	}
	layout := time.DateOnly + " " + clockLayout
	if t.IsAdjustedToUTC {
		layout += "+00" // else it is a time of an unknown place
	}
	return func(v parquet.Value) string { return at(v.Int64()).UTC().Format(layout) }
}

// julianEpoch is the Julian day of 1970-01-01.
const julianEpoch = 2440588

// int96Text writes a time as Impala and early Spark stored it: nanoseconds of the day in
// 8 bytes, the Julian day in 4.
func int96Text(v parquet.Value) string {
	n := v.Int96()
	nanos := int64(n[1])<<32 | int64(n[0])
	day := int64(int32(n[2])) - julianEpoch
	return time.Unix(day*24*60*60, nanos).UTC().Format(time.DateOnly + " " + clockLayout)
}

// uuidText writes 16 bytes as 8-4-4-4-12 hexadecimal digits.
func uuidText(v parquet.Value) string {
	h := hex.EncodeToString(v.ByteArray())
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// halfNumber is an IEEE 754 number of 16 bits: sign, 5 bits of exponent, 10 of fraction.
func halfNumber(v parquet.Value) float64 {
	b := binary.LittleEndian.Uint16(v.ByteArray())
	exponent, fraction := int(b>>10&0x1f), float64(b&0x3ff)/1024
	var x float64
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		x = math.Inf(1)
	case exponent == 0:
		x = math.Ldexp(fraction, -14)
	default:
		x = math.Ldexp(1+fraction, exponent-15)
	}
	if b>>15 == 1 {
		return -x
	}
	return x
}
