package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"habeas/portal/api"
)

// document is the OpenAPI document that the app serves. Every answer of every
// test is held against it.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]map[string]any }
}

type operation struct {
	OperationID string `json:"operationId"`
	Responses   map[string]struct {
		Content map[string]struct{ Schema map[string]any }
	}
	Parameters []struct{ Name, In string }
}

func readDocument(t testing.TB, p *portal) document {
	t.Helper()
	var d document
	p.get(t, "/api/v1/openapi.json", "").want(200).into(&d)
	return d
}

// find returns the operation that a call's path belongs to.
func (d document) find(method, path string) (operation, bool) {
	u, err := url.Parse(path)
	if err != nil {
		return operation{}, false
	}
	given := strings.Split(u.Path, "/")
	for _, template := range slices.Backward(slices.Sorted(maps.Keys(d.Paths))) { // {id} after search
		want := strings.Split(template, "/")
		fits := len(want) == len(given) || want[len(want)-1] == "{path}" && len(given) > len(want)
		for i := range min(len(want), len(given)) {
			fits = fits && (want[i] == given[i] || strings.HasPrefix(want[i], "{"))
		}
		if fits && (!strings.Contains(template, "{id}") || given[len(given)-1] != "search") {
			op, ok := d.Paths[template][strings.ToLower(method)]
			return op, ok
		}
	}
	return operation{}, false
}

// check holds an answer against the document.
func (d document) check(t testing.TB, method, path string, r reply) {
	t.Helper()
	op, ok := d.find(method, path)
	if !ok {
		return // nothing documented there: the test says what it wants
	}
	res, ok := op.Responses[strconv.Itoa(r.Status)]
	if !ok {
		res = op.Responses["default"]
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	media, ok := res.Content[kind]
	if !ok {
		t.Errorf("%s %s: %d %s is not in the OpenAPI document", method, path, r.Status, kind)
		return
	}
	if media.Schema == nil {
		return
	}
	var v any
	if err := json.Unmarshal(r.Body, &v); err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return
	}
	for _, fault := range d.faults(media.Schema, v, "") {
		t.Errorf("%s %s: %d %s", method, path, r.Status, fault)
	}
}

// faults checks a value against the part of JSON Schema that the document uses.
func (d document) faults(s map[string]any, v any, at string) (out []string) {
	bad := func(format string, args ...any) { out = append(out, at+": "+fmt.Sprintf(format, args...)) }
	if ref, ok := s["$ref"].(string); ok {
		part, ok := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !ok {
			return []string{at + ": no such part " + ref}
		}
		return d.faults(part, v, at)
	}
	if choices, ok := s["oneOf"].([]any); ok {
		for _, c := range choices {
			if len(d.faults(c.(map[string]any), v, at)) == 0 {
				return nil
			}
		}
		bad("fits none of the choices")
		return out
	}
	switch s["type"] {
	case nil:
	case "null":
		if v != nil {
			bad("is not null")
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			bad("is no string: %v", v)
			return out
		}
		if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
			bad("%q is not in %v", text, enum)
		}
		if !formatted(s["format"], text) {
			bad("%q is no %v", text, s["format"])
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			bad("is no boolean: %v", v)
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			bad("is no integer: %v", v)
		}
	case "number":
		if _, ok := v.(float64); !ok {
			bad("is no number: %v", v)
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			bad("is no list: %v", v)
		}
		for i, e := range list {
			out = append(out, d.faults(s["items"].(map[string]any), e, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "object":
		obj, ok := v.(map[string]any)
		if !ok {
			bad("is no object: %v", v)
			return out
		}
		props, _ := s["properties"].(map[string]any)
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := obj[name.(string)]; !ok {
				bad("%s is missing", name)
			}
		}
		for name, e := range obj {
			p, ok := props[name].(map[string]any)
			if !ok {
				if s["additionalProperties"] == false {
					bad("%s is not documented", name)
				}
				continue
			}
			out = append(out, d.faults(p, e, at+"."+name)...)
		}
	default:
		bad("the test does not know type %v", s["type"])
	}
	return out
}

func formatted(format any, text string) bool {
	switch format {
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case "date-time":
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && strings.HasSuffix(text, "Z")
	case "uuid":
		id, err := uuid.Parse(text)
		return err == nil && id.String() == text
	}
	return true
}

// contract is the table of API.md: what there must be, and for whom.
var contract = map[string]string{
	"POST /api/v1/requests":                          "public",
	"GET /api/v1/requests":                           "agent auditor dpo",
	"POST /api/v1/requests/search":                   "agent dpo",
	"GET /api/v1/requests/{id}":                      "agent auditor customer dpo",
	"POST /api/v1/requests/{id}/verification":        "public",
	"POST /api/v1/requests/{id}/verification/code":   "public",
	"GET /api/v1/requests/{id}/plan":                 "agent dpo",
	"GET /api/v1/requests/{id}/personal-data":        "agent dpo",
	"POST /api/v1/requests/{id}/plan/decisions":      "agent dpo",
	"POST /api/v1/requests/{id}/approval":            "dpo",
	"POST /api/v1/requests/{id}/refusal":             "dpo",
	"POST /api/v1/requests/{id}/extension":           "dpo",
	"POST /api/v1/requests/{id}/pause":               "dpo",
	"POST /api/v1/requests/{id}/resume":              "dpo",
	"POST /api/v1/requests/{id}/rediscovery":         "dpo",
	"POST /api/v1/requests/{id}/withdrawal":          "customer",
	"GET /api/v1/requests/{id}/facts":                "customer",
	"POST /api/v1/requests/{id}/facts":               "customer",
	"POST /api/v1/requests/{id}/not-me":              "public",
	"POST /api/v1/requests/{id}/tasks/{task}/result": "agent dpo",
	"GET /api/v1/requests/{id}/package":              "customer",
	"GET /api/v1/requests/{id}/recipients":           "agent auditor dpo",
	"POST /api/v1/requests/{id}/recipients/{notice}": "agent dpo",
	"GET /api/v1/requests/{id}/fields":               "agent dpo",
	"POST /api/v1/requests/{id}/corrections":         "agent dpo",
	"POST /api/v1/requests/{id}/restriction/warning": "dpo",
	"POST /api/v1/requests/{id}/restriction/lift":    "dpo",
	"GET /api/v1/requests/{id}/receipt":              "customer",
	"GET /api/v1/requests/{id}/evidence":             "auditor dpo",
	"GET /api/v1/requests/{id}/events":               "auditor dpo",
	"GET /api/v1/log/entries":                        "auditor",
	"GET /api/v1/stream":                             "agent customer dpo",
	"POST /api/v1/consents":                          "service",
	"POST /api/v1/consents/check":                    "service",
	"GET /api/v1/systems":                            "admin dpo",
	"POST /api/v1/requests/{id}/appeal":              "customer dpo agent",
	"POST /api/v1/requests/{id}/decision":            "dpo",
	"POST /api/v1/requests/{id}/proof":               "dpo agent",
	"POST /api/v1/requests/{id}/documents":           "customer dpo agent",
	"POST /api/v1/requests/{id}/permission":          "dpo agent",
	"POST /api/v1/requests/{id}/law":                 "dpo agent",
	"GET /api/v1/figures":                            "dpo auditor",
	"GET /api/v1/holds":                              "dpo agent auditor",
	"POST /api/v1/holds":                             "dpo",
	"POST /api/v1/holds/{id}/lift":                   "dpo",
	"POST /api/v1/systems/{name}/pause":              "admin dpo",
	"POST /api/v1/systems/{name}/resume":             "admin dpo",
	"POST /api/v1/systems/{name}/check":              "admin dpo",
	"GET /api/v1/openapi.json":                       "public",
	"GET /log/checkpoint":                            "public",
	"GET /log/tile/{path}":                           "public",
	"GET /log/consistency":                           "public",
}

func TestRoutesDocumentAndContractAgree(t *testing.T) {
	t.Parallel()
	p := start(t, companyOptions)
	routes := map[string]string{}
	for _, r := range api.Routes(api.Deps{}) {
		path := strings.NewReplacer(":id", "{id}", ":task", "{task}", ":notice", "{notice}", ":name", "{name}", "*", "{path}").Replace(r.Path)
		var roles []string
		for _, role := range r.Roles {
			roles = append(roles, string(role))
		}
		slices.Sort(roles)
		routes[r.Method+" "+path] = strings.Join(roles, " ")
	}
	documented := map[string]bool{}
	ids := map[string]bool{}
	for path, ops := range p.doc.Paths {
		for method, op := range ops {
			documented[strings.ToUpper(method)+" "+path] = true
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: operationId %q is missing or twice there", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			for _, name := range strings.Split(path, "/") {
				if strings.HasPrefix(name, "{") && !slices.ContainsFunc(op.Parameters, func(v struct{ Name, In string }) bool { return v.In == "path" && "{"+v.Name+"}" == name }) {
					t.Errorf("%s %s: %s is not documented", method, path, name)
				}
			}
		}
	}
	for call, roles := range contract {
		words := strings.Fields(roles)
		slices.Sort(words)
		if got, ok := routes[call]; !ok || got != strings.Join(words, " ") {
			t.Errorf("%s: route for %q, contract says %q", call, got, roles)
		}
	}
	for call := range routes {
		if _, ok := contract[call]; !ok {
			t.Errorf("%s is served and not in the contract", call)
		}
		if !documented[call] {
			t.Errorf("%s is served and not documented", call)
		}
		delete(documented, call)
	}
	for call := range documented {
		t.Errorf("%s is documented and not served", call)
	}
}
