package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serviceItems are parameters of forty items.
func serviceItems(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("item,a1,d,g,u\n")
	for j := range 40 {
		fmt.Fprintf(&b, "q%d,%g,%g,0.1,1\n", j+1, 1+float64(j%3)/2, float64(j)/10-2)
	}
	path := filepath.Join(t.TempDir(), "items.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startService runs `metabench adaptive serve` and returns its address; stop ends it
// and returns the exit code.
func startService(t *testing.T, args ...string) (address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	var stderr bytes.Buffer
	exited := make(chan int, 1)
	go func() {
		exited <- Run(ctx, append([]string{"adaptive", "serve", "--addr", "127.0.0.1:0"}, args...),
			IO{In: strings.NewReader(""), Out: w, Err: &stderr})
		_ = w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the service gave no address: %v, %s", err, &stderr)
	}
	var once sync.Once
	code := -1
	stop = func() int {
		once.Do(func() {
			cancel()
			select {
			case code = <-exited:
			case <-time.After(20 * time.Second):
				t.Error("the service does not stop")
			}
		})
		return code
	}
	t.Cleanup(func() { stop() })
	return strings.TrimSpace(line), stop
}

func post(t *testing.T, url, body string) (status int, reply map[string]any) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, decodeReply(t, resp)
}

func decodeReply(t *testing.T, resp *http.Response) map[string]any {
	t.Helper()
	reply := make(map[string]any)
	err := json.NewDecoder(resp.Body).Decode(&reply)
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.Fatalf("status %s, not JSON: %v", resp.Status, err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	return reply
}

func TestServiceLeadsAClientThroughATest(t *testing.T) {
	url, stop := startService(t, "--items", serviceItems(t), "--stop", "items=8")
	var answers []map[string]any
	asked := make(map[string]bool)
	for {
		body, err := json.Marshal(map[string]any{"session": "org/model", "answers": answers})
		if err != nil {
			t.Fatal(err)
		}
		if answers == nil {
			body = []byte(`{"session": "org/model"}`)
		}
		status, reply := post(t, url+"/v1/next", string(body))
		if status != http.StatusOK {
			t.Fatalf("%d: %v", status, reply)
		}
		if reply["done"] == true {
			if reply["stopped"] != "items=8" || len(answers) != 8 {
				t.Errorf("done after %d answers: %v", len(answers), reply)
			}
			break
		}
		item := reply["item"].(string)
		if asked[item] {
			t.Fatalf("%s asked twice", item)
		}
		asked[item] = true
		answers = append(answers, map[string]any{"item": item, "correct": len(answers)%2 == 0})
	}
	resp, err := http.Get(url + "/v1/test")
	if err != nil {
		t.Fatal(err)
	}
	if info := decodeReply(t, resp); info["items"] != 40.0 || info["criterion"] != "information" || info["stop"] != "items=8" {
		t.Errorf("test: %v", info)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d after an interrupt, want 0", code)
	}
	if resp, err := http.Get(url + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("the service still answers after it ended")
	}
}

func TestServiceRefusesClearly(t *testing.T) {
	url, _ := startService(t, "--items", serviceItems(t), "--max-body", "2000")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		part               string
	}{
		"body_missing":            {"POST", "/v1/next", "", 400, `send {"answers": []} for the first item`},
		"body_blank":              {"POST", "/v1/next", " \n", 400, "no body"},
		"answers_a_text":          {"POST", "/v1/next", `{"answers": "q1"}`, 400, `"answers" is a text, and a list was expected`},
		"item_a_number":           {"POST", "/v1/next", `{"answers": [{"item": 1, "correct": true}]}`, 400, `item" is a number, and a text was expected`},
		"answers_list_of_numbers": {"POST", "/v1/next", `[1]`, 400, "it is a number, and an object was expected"},
		"body_not_json":           {"POST", "/v1/next", "hello there", 400, "neither JSON nor CSV"},
		"json_cut_off":            {"POST", "/v1/next", `{"answers": [`, 400, "JSON"},
		"field_misspelt":          {"POST", "/v1/next", `{"answer": []}`, 400, `"answer"`},
		"item_unknown":            {"POST", "/v1/next", `{"answers": [{"item": "q99", "correct": 1}]}`, 422, `item "q99": is not in the item bank`},
		"item_twice":              {"POST", "/v1/next", `[{"item": "q1", "correct": 1}, {"item": "q1", "correct": 1}]`, 422, "answered before"},
		"more_answers_than_items": {"POST", "/v1/next", "[" + strings.TrimSuffix(strings.Repeat(`{"item":"q1","correct":1},`, 41), ",") + "]", 422, "41 answers, but the item bank has 40 items"},
		"mark_missing":            {"POST", "/v1/next", `[{"item": "q1"}]`, 422, "not marked"},
		"body_too_large":          {"POST", "/v1/next", `[` + strings.Repeat(" ", 3000) + `]`, 413, "2000 bytes"},
		"get_instead_of_post":     {"GET", "/v1/next", "", 405, "wants POST"},
		"post_instead_of_get":     {"POST", "/v1/test", "", 405, "wants GET"},
		"unknown_path":            {"GET", "/v2/next", "", 404, "no such path"},
		"path_with_dots":          {"GET", "/v1/..%2fnext", "", 404, "no such path"},
		"delete_of_everything":    {"DELETE", "/", "", 404, "no such path"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, url+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			allow := resp.Header.Get("Allow")
			reply := decodeReply(t, resp)
			if message, _ := reply["error"].(string); resp.StatusCode != c.status || !strings.Contains(message, c.part) {
				t.Errorf("%s: %v; want %d with %q", resp.Status, reply, c.status, c.part)
			}
			if (resp.StatusCode == http.StatusMethodNotAllowed) != (allow != "") {
				t.Errorf("status %d with Allow %q", resp.StatusCode, allow)
			}
		})
	}
}

func TestServiceAnswersManyClientsAtOnceAlike(t *testing.T) {
	url, _ := startService(t, "--items", serviceItems(t), "--criterion", "progressive", "--estimator", "wle")
	const body = `{"session": "s", "answers": [{"item": "q20", "correct": true}, {"item": "q30", "correct": false}]}`
	replies := make([]string, 40)
	var wg sync.WaitGroup
	for k := range replies {
		wg.Go(func() {
			resp, err := http.Post(url+"/v1/next", "application/json", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			replies[k] = string(text)
		})
	}
	wg.Wait()
	for _, r := range replies {
		if r != replies[0] {
			t.Fatalf("%s and %s", r, replies[0])
		}
	}
}

// Evaluation loops of several models run at the same time; each has to be led as if
// it were alone.
func TestServiceLeadsManyLoopsAtOnceAsIfEachWereAlone(t *testing.T) {
	url, _ := startService(t, "--items", serviceItems(t), "--criterion", "proportional", "--stop", "items=12")
	loop := func(name string) (asked []string, err error) {
		var answers []map[string]any
		for {
			body, err := json.Marshal(map[string]any{"session": name, "answers": append([]map[string]any{}, answers...)})
			if err != nil {
				return nil, err
			}
			resp, err := http.Post(url+"/v1/next", "application/json", bytes.NewReader(body))
			if err != nil {
				return nil, err
			}
			var reply struct {
				Item  string `json:"item"`
				Done  bool   `json:"done"`
				Error string `json:"error"`
			}
			err = json.NewDecoder(resp.Body).Decode(&reply)
			if closing := resp.Body.Close(); err == nil {
				err = closing
			}
			switch {
			case err != nil:
				return nil, err
			case reply.Error != "":
				return nil, fmt.Errorf("%s: %s", resp.Status, reply.Error)
			case reply.Done:
				return asked, nil
			}
			asked = append(asked, reply.Item)
			answers = append(answers, map[string]any{"item": reply.Item, "correct": (len(name)+len(answers))%3 > 0})
		}
	}
	const loops = 12
	together := make([]string, loops)
	var wg sync.WaitGroup
	for k := range loops {
		wg.Go(func() {
			asked, err := loop(fmt.Sprint("org/model-", k))
			if err != nil {
				t.Error(err)
			}
			together[k] = strings.Join(asked, " ")
		})
	}
	wg.Wait()
	for k := range loops {
		alone, err := loop(fmt.Sprint("org/model-", k))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(alone, " "); got != together[k] {
			t.Errorf("model %d is asked %s alone, %s among others", k, got, together[k])
		}
	}
}

// unfinished begins a request and leaves it open.
func unfinished(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "POST /v1/next HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"answers"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestServiceTellsARequestThatIsTooSlow(t *testing.T) {
	url, _ := startService(t, "--items", serviceItems(t), "--max-time", "200ms")
	resp, err := http.ReadResponse(bufio.NewReader(unfinished(t, url)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply := decodeReply(t, resp); resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%s: %v", resp.Status, reply)
	}
}

func TestServiceTurnsAwayMoreThanItWorksOnAtOnce(t *testing.T) {
	url, _ := startService(t, "--items", serviceItems(t), "--max-requests", "1")
	slow := unfinished(t, url)
	for tries := 0; ; tries++ {
		status, reply := post(t, url+"/v1/next", `{"answers": []}`)
		if status == http.StatusServiceUnavailable {
			break
		}
		if status != http.StatusOK || tries == 4000 {
			t.Fatalf("%d: %v; want 503 while another request is worked on", status, reply)
		}
		time.Sleep(5 * time.Millisecond) // the other has not arrived yet
	}
	if _, err := io.WriteString(slow, "\": []}"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply := decodeReply(t, resp); resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %v", resp.Status, reply)
	}
}

func TestServiceFinishesARunningRequestWhenInterrupted(t *testing.T) {
	url, stop := startService(t, "--items", serviceItems(t), "--max-requests", "1")
	slow := unfinished(t, url)
	for { // until the request has arrived: it is the only one that may
		if status, _ := post(t, url+"/v1/next", `{"answers": []}`); status == http.StatusServiceUnavailable {
			break
		}
	}
	code := make(chan int)
	go func() { code <- stop() }()
	for { // until nobody else is let in
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	if _, err := io.WriteString(slow, "\": []}"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply := decodeReply(t, resp); resp.StatusCode != http.StatusOK || reply["item"] == nil {
		t.Errorf("%s: %v", resp.Status, reply)
	}
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}
