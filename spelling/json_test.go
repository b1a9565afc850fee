package spelling_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"metabench/spelling"
)

func TestJSONErrorsNameFieldsInWordsOfPeople(t *testing.T) {
	type inner struct {
		Item string  `json:"item"`
		Mark float64 `json:"mark"`
	}
	type request struct {
		Answers []inner           `json:"answers"`
		Length  *int              `json:"length"`
		Seed    uint64            `json:"seed"`
		Done    bool              `json:"done"`
		Names   map[string]string `json:"names"`
	}
	for text, want := range map[string]string{
		`{"answers": "x"}`:           `"answers" is a text, and a list was expected`,
		`{"answers": [{"item":1}]}`:  `"answers.item" is a number, and a text was expected`,
		`{"answers": [{"mark":[]}]}`: `"answers.mark" is a list, and a number was expected`,
		`{"length": 1.5}`:            `"length" is a number, and a whole number was expected`,
		`{"seed": -1}`:               `"seed" is a number, and a whole number from 0 was expected`,
		`{"done": {}}`:               `"done" is an object, and true or false was expected`,
		`{"names": true}`:            `"names" is true or false, and an object was expected`,
		`[]`:                         `it is a list, and an object was expected`,
		`{"other": 1}`:               `there is no field "other"`,
		`{"seed": x}`:                `it is not JSON from byte 10 on`,
		`{"seed": 1`:                 `it ends too early`,
	} {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.DisallowUnknownFields()
		err := spelling.JSON(d.Decode(&request{}))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	other := errors.New("x")
	if !errors.Is(spelling.JSON(other), other) || spelling.JSON(nil) != nil {
		t.Error("another error was changed")
	}
}
