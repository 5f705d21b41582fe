package api

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"habeas/requests"
)

// schema is a JSON Schema (2020-12), as OpenAPI 3.1 uses it.
type schema = map[string]any

func words(list []string) schema { return schema{"type": "string", "enum": list} }

func between(low, high, or int) schema {
	return schema{"type": "integer", "minimum": low, "maximum": high, "default": or}
}

// describe makes the OpenAPI document of the calls.
func describe(calls []call) schema {
	parts := schema{"Problem": problemSchema()}
	paths := schema{}
	for _, c := range calls {
		path := openPath(c.path)
		at, ok := paths[path].(schema)
		if !ok {
			at = schema{}
			paths[path] = at
		}
		at[strings.ToLower(c.method)] = operation(c, parts)
	}
	return schema{
		"openapi": "3.1.0",
		"info": schema{
			"title": "Habeas", "version": "1",
			"description": "Privacy requests: file, verify, decide, carry out, prove. Times are RFC 3339 in UTC, dates YYYY-MM-DD. " +
				"Unknown members of a body are refused. Every POST honours Idempotency-Key for 24 hours.",
		},
		"paths": paths,
		"components": schema{
			"schemas": parts,
			"securitySchemes": schema{"token": schema{
				"type": "http", "scheme": "bearer",
				"description": "Of a user, of a service, or of a customer for one request.",
			}},
		},
	}
}

// openPath writes a route's path as OpenAPI does.
func openPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		switch {
		case strings.HasPrefix(p, ":"):
			parts[i] = "{" + p[1:] + "}"
		case p == "*":
			parts[i] = "{path}"
		}
	}
	return strings.Join(parts, "/")
}

func operation(c call, parts schema) schema {
	op := schema{
		"operationId": c.name, "summary": c.summary,
		"parameters": parameters(c),
		"responses": schema{
			strconv.Itoa(c.status): answerOf(c, parts),
			"default": schema{
				"description": "A problem document (RFC 9457).",
				"content":     schema{"application/problem+json": schema{"schema": ref("Problem")}},
			},
		},
		"x-roles": c.roles,
	}
	switch {
	case !slices.Contains(c.roles, requests.Public):
		op["security"] = []schema{{"token": []string{}}}
	case c.name == "fileRequest": // staff may sign in to say how a request came
		op["security"] = []schema{{}, {"token": []string{}}}
	default:
		op["security"] = []schema{}
	}
	if c.in != nil {
		content := schema{"application/json": schema{"schema": schemaOf(reflect.TypeOf(c.in), parts)}}
		if c.upload != nil {
			content["multipart/form-data"] = schema{"schema": schemaOf(reflect.TypeOf(c.upload), parts)}
		}
		op["requestBody"] = schema{"required": c.in != (empty{}), "content": content}
	}
	return op
}

func parameters(c call) []schema {
	list := []schema{}
	for _, p := range strings.Split(openPath(c.path), "/") {
		if !strings.HasPrefix(p, "{") {
			continue
		}
		s := schema{"type": "string"}
		if p == "{id}" || p == "{task}" {
			s["format"] = "uuid"
		}
		list = append(list, schema{"name": strings.Trim(p, "{}"), "in": "path", "required": true, "schema": s})
	}
	for _, p := range c.query {
		s := schema{"name": p.name, "in": "query", "required": p.required, "schema": p.schema}
		if p.doc != "" {
			s["description"] = p.doc
		}
		list = append(list, s)
	}
	if c.method == http.MethodPost {
		list = append(list, schema{
			"name": keyHeader, "in": "header", "required": false, "schema": schema{"type": "string", "minLength": 1, "maxLength": maxKeyLength},
			"description": "The same call with the same key gets the first answer again; another call with it gets 409.",
		})
	}
	return list
}

func answerOf(c call, parts schema) schema {
	r := schema{"description": http.StatusText(c.status)}
	content := schema{}
	if c.out != nil {
		content["application/json"] = schema{"schema": schemaOf(reflect.TypeOf(c.out), parts)}
	}
	if c.media != "" {
		content[c.media] = schema{}
	}
	r["content"] = content
	return r
}

func ref(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }

func problemSchema() schema {
	text := schema{"type": "string"}
	return schema{
		"type": "object", "required": []string{"type", "title", "status"},
		"properties": schema{
			"type": text, "title": text, "status": schema{"type": "integer"}, "detail": text, "code": text,
			"errors": schema{"type": "array", "items": schema{
				"type": "object", "required": []string{"field", "message"}, "properties": schema{"field": text, "message": text},
			}},
		},
	}
}

var (
	momentSchema = schema{"type": "string", "format": "date-time"}
	fixed        = map[reflect.Type]func() schema{
		reflect.TypeFor[moment]():          func() schema { return momentSchema },
		reflect.TypeFor[time.Time]():       func() schema { return momentSchema },
		reflect.TypeFor[date]():            func() schema { return schema{"type": "string", "format": "date"} },
		reflect.TypeFor[uuid.UUID]():       func() schema { return schema{"type": "string", "format": "uuid"} },
		reflect.TypeFor[jsontext.Value]():  func() schema { return schema{} },
		reflect.TypeFor[[]byte]():          func() schema { return schema{"type": "string", "contentMediaType": "application/octet-stream"} },
		reflect.TypeFor[requests.Status](): func() schema { return words(statusNames) },
		reflect.TypeFor[requests.Flag]():   func() schema { return words(flagNames) },
	}
)

// schemaOf is the schema of a Go type of the wire. Named structures become
// parts of the document; with no parts they stand where they are used.
func schemaOf(t reflect.Type, parts schema) schema {
	if s, ok := fixed[t]; ok {
		return s()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), parts)
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Float64:
		return schema{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // raw JSON
			return schema{}
		}
		return schema{"type": "array", "items": schemaOf(t.Elem(), parts)}
	case reflect.Struct:
		return structOf(t, parts)
	default:
		return schema{"type": "object"}
	}
}

func structOf(t reflect.Type, parts schema) schema {
	if parts == nil {
		return schema{"type": "object"}
	}
	name := partName(t)
	if _, ok := parts[name]; ok {
		return ref(name)
	}
	s := schema{"type": "object"}
	parts[name] = s // before its members: they may lead back here
	props, required := schema{}, []string{}
	addFields(t, parts, props, &required)
	s["properties"], s["required"], s["additionalProperties"] = props, required, false
	if name == "Person" {
		parts[name] = schema{"description": "An identity; for an e-mail address the address alone will do.", "oneOf": []schema{s, {"type": "string"}}}
	}
	return ref(name)
}

func addFields(t reflect.Type, parts, props schema, required *[]string) {
	for f := range fieldsOf(t) {
		if f.Anonymous { // what staff see beside: there or not
			addFields(f.Type.Elem(), parts, props, new([]string))
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := schemaOf(f.Type, parts)
		if list := f.Tag.Get("enum"); list != "" {
			if enum := words(strings.Split(list, ",")); s["type"] == "array" {
				s["items"] = enum
			} else {
				s = enum
			}
		}
		optional := strings.Contains(rest, "omitempty")
		if f.Type.Kind() == reflect.Pointer && !optional {
			s = schema{"oneOf": []schema{s, {"type": "null"}}}
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			s = withDoc(s, doc)
		}
		props[name] = s
		if !optional {
			*required = append(*required, name)
		}
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.Anonymous || f.Tag.Get("json") != "-" && f.IsExported() {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func withDoc(s schema, doc string) schema {
	out := schema{"description": doc}
	for k, v := range s {
		out[k] = v
	}
	return out
}

// partName is a type's name in the document: "CaseView", "CaseViewList".
func partName(t reflect.Type) string {
	name := t.Name()
	if _, of, ok := strings.Cut(name, "["); ok {
		of = strings.TrimSuffix(of, "]")
		name = of[strings.LastIndexAny(of, "./")+1:] + "List"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
