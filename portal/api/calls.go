package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"habeas/portal/web"
	"habeas/requests"
)

// call is one line of the API: its route, and what the OpenAPI document says
// about it. Both are made from here, so that neither can be without the other.
type call struct {
	method  string
	path    string // as fiber writes it: /api/v1/requests/:id
	roles   []requests.Role
	kind    web.Kind
	handler fiber.Handler
	limit   web.Limit
	maxBody int64

	name    string // operationId
	summary string
	query   []param
	in      any // body, nil for none
	upload  any // the same as multipart/form-data, nil for none
	status  int // of success
	out     any // body of success; nil: media says what
	media   string
}

// param is one parameter of a query.
type param struct {
	name     string
	required bool
	schema   schema
	doc      string
}

func names(params []param) []string {
	out := make([]string, len(params))
	for i, p := range params {
		out[i] = p.name
	}
	return out
}

const one = "/api/v1/requests/:id"

// Who may do what, as the contract's table says.
var (
	public     = []requests.Role{requests.Public}
	customer   = []requests.Role{requests.Customer}
	dpo        = []requests.Role{requests.DPO}
	desk       = []requests.Role{requests.DPO, requests.Agent}
	lookers    = []requests.Role{requests.DPO, requests.Agent, requests.Auditor}
	caseReader = []requests.Role{requests.Customer, requests.DPO, requests.Agent, requests.Auditor}
	watchers   = []requests.Role{requests.Customer, requests.DPO, requests.Agent}
	checkers   = []requests.Role{requests.Auditor, requests.DPO}
	auditor    = []requests.Role{requests.Auditor}
	service    = []requests.Role{requests.ServiceRole}
	operators  = []requests.Role{requests.DPO, requests.Admin}
)

func get(path string, roles []requests.Role, h fiber.Handler, name, summary string, out any) call {
	return call{method: fiber.MethodGet, path: path, roles: roles, kind: web.Call, handler: h, name: name, summary: summary, status: 200, out: out}
}

func post(path string, roles []requests.Role, h fiber.Handler, name, summary string, in any, status int, out any) call {
	return call{method: fiber.MethodPost, path: path, roles: roles, kind: web.Call, handler: h, name: name, summary: summary, in: in, status: status, out: out}
}

func (c call) asking(params ...param) call {
	c.query = params
	return c
}

// file is an answer that is no JSON, or that can be had another way than as JSON.
func (c call) file(media string) call {
	c.media = media
	return c
}

func (c call) streamed(media string) call {
	c.kind, c.media = web.Stream, media
	return c
}

// uploading takes a form with a file, too.
func (c call) uploading(form any, most int64) call {
	c.upload, c.maxBody = form, most
	return c
}

// sized takes a body of at most that many bytes.
func (c call) sized(most int64) call {
	c.maxBody = most
	return c
}

// guessing limits how often one address may try.
func (c call) guessing() call {
	c.limit = web.Guess
	return c
}

// calls is the whole API.
func (a *api) calls() []call {
	return []call{
		post("/api/v1/requests", public, a.file, "fileRequest", "File a request. Staff may enter what came another way.", filing{}, 201, receipt{}).sized(maxFiling),
		get("/api/v1/requests", lookers, a.list, "listRequests", "All requests, soonest due first.", items[caseView]{}).asking(listParams...),
		post("/api/v1/requests/search", desk, a.search, "searchRequests", "Find requests by reference or by an identity that was given when filing.", searching{}, 200, items[caseView]{}),
		get(one, caseReader, a.get, "getRequest", "One request: where it stands. Staff see its plan, approvals, tasks and outcomes too.", caseView{}),

		post(one+"/verification", public, a.verify, "verifyRequest", "Prove the address with the mailed code.", verifying{}, 200, verified{}).guessing(),
		post(one+"/verification/code", public, a.newCode, "sendCode", "Mail a new code: five per request and day.", empty{}, 202, codeSent{}),
		post(one+"/withdrawal", customer, a.withdraw, "withdrawRequest", "Stop what has not begun.", empty{}, 200, stopped{}),
		post(one+"/not-me", public, a.notMe, "notMe", "Stop a request that somebody else filed, with the token of the link in the mail.", denying{}, 200, stopped{}).guessing(),

		get(one+"/facts", customer, a.factsAsked, "getFacts", "Which details of themselves a person may give beside the proved address.", factsView{}),
		post(one+"/facts", customer, a.giveFacts, "giveFacts", "Give details, which are compared with what is held: nobody is told which agree. Three times at most.", factsGiven{}, 202, factsView{}).guessing(),

		get(one+"/plan", desk, a.plan, "getPlan", "The plan as stored, a page of records at a time.", planView{}).asking(planParams...),
		get(one+"/personal-data", desk, a.personalData, "getPersonalData", "Identities and values, for a purpose. The look is an event.", personalView{}).asking(purposeParam),
		post(one+"/plan/decisions", desk, a.decide, "decideRecords", "Change what the plan does to records, each with a ground. Approvals fall.", deciding{}, 200, decided{}),
		post(one+"/approval", dpo, a.approve, "approvePlan", "Sign the plan's hash.", approving{}, 202, approved{}),
		post(one+"/refusal", dpo, a.step(a.svc.Refuse), "refuseRequest", "Refuse a right, or all, on a ground that the law has.", step{}, 200, caseView{}),
		post(one+"/extension", dpo, a.step(a.svc.Extend), "extendDeadline", "Take the extension that the law has, with its reason.", step{}, 200, caseView{}),
		post(one+"/pause", dpo, a.step(a.svc.Pause), "pauseClock", "Stop the clock where the law has that.", step{}, 200, caseView{}),
		post(one+"/resume", dpo, a.step(a.svc.Resume), "resumeClock", "Let the clock run on.", step{}, 200, caseView{}),
		post(one+"/law", desk, a.correctLaw, "correctLaw", "Put the request under the law that applies to it; its clock is computed anew.", lawChange{}, 200, caseView{}),
		post(one+"/rediscovery", dpo, a.rediscover, "rediscover", "Search every system again and plan anew.", step{}, 202, caseView{}),
		post(one+"/appeal", watchers, a.appeal, "fileAppeal", "Appeal against a denial, or complain about a request: a case of its own.", appealing{}, 201, matterView{}),
		post(one+"/decision", dpo, a.decideMatter, "decideAppeal", "Decide an appeal or complaint. Not for those who decided the request.", answering{}, 200, matterView{}),
		post(one+"/proof", desk, a.recordProof, "recordProof", "Record a proof of identity by hand. Who records it does not approve.", proving{}, 200, caseView{}),
		post(one+"/documents", append(slices.Clone(customer), desk...), a.addDocument, "addDocument", "Send a document that proves that one may ask for somebody else. It is sealed, and deleted once decided.", documentBody{}, 201, documentTaken{}).uploading(documentForm{}, maxDocumentForm),
		post(one+"/permission", desk, a.decidePermission, "decidePermission", "Accept or refuse the permission to ask for somebody else; its documents are deleted. Who accepts it does not approve.", permitting{}, 200, caseView{}),
		post(one+"/tasks/:task/result", desk, a.finishTask, "finishManualTask", "End a task for a person. With a proof, send a form.", manualResult{}, 200, taskEnded{}).uploading(manualForm{}, maxForm),

		get(one+"/recipients", lookers, a.notices, "listRecipients", "Recipients who have to be told of what was done, with the proof (GDPR Art. 19).", items[noticeView]{}),
		post(one+"/recipients/:notice", desk, a.settleNotice, "settleRecipient", "Record that a recipient was told or confirmed it, or why it cannot be told.", settling{}, 200, items[noticeView]{}),
		get(one+"/fields", desk, a.correctable, "getCorrectable", "Fields that can be corrected, as they are now. The look is an event.", items[fieldView]{}).asking(purposeParam),
		post(one+"/corrections", desk, a.correct, "correctFields", "Decide which fields are corrected, and which stay on what ground. The plan is made anew.", correcting{}, 202, planning{}),
		post(one+"/restriction/warning", dpo, a.warnRestriction, "warnRestriction", "Tell the person that the restriction ends (GDPR Art. 18(3)).", warning{}, 200, restrictionView{}),
		post(one+"/restriction/lift", dpo, a.liftRestriction, "liftRestriction", "End a restriction of whose end the person was told in time.", empty{}, 200, restrictionView{}),

		get(one+"/package", customer, a.download, "getPackage", "The customer's package. Needs a code entered within the last 15 minutes.", nil).streamed("application/zip"),
		get(one+"/receipt", customer, a.receipt, "getReceipt", "What the customer keeps: the request's events, their proofs, the log's signed head.", receiptView{}),
		get(one+"/evidence", checkers, a.evidence, "getEvidence", "The evidence report, for habeas verify. Its own download is not in it.", nil).streamed("application/zip"),
		get(one+"/events", checkers, a.events, "getEvents", "The request's events with their places in the log.", items[entry]{}),

		get("/api/v1/log/entries", auditor, a.entries, "getLogEntries", "Leaf lines of the whole log, from (inclusive) to to (exclusive), 1,000 at most.", items[entry]{}).asking(entryParams...),
		get("/api/v1/figures", checkers, a.figures, "getFigures", "What became of all requests, counted from the log: per right, law and month, in time or late, denials by ground.", figureView{}).asking(figureParams...).file("text/csv"),
		get("/api/v1/stream", watchers, a.stream, "watchRequest", "Server-sent events of one request: task, status, counts.", nil).streamed("text/event-stream").asking(streamParam),

		post("/api/v1/consents", service, a.recordConsent, "recordConsent", "Record a consent given or refused.", consentGiven{}, 201, consentState{}),
		post("/api/v1/consents/check", service, a.checkConsent, "checkConsent", "Whether a purpose is allowed for a person now.", consentAsked{}, 200, consentState{}),

		get("/api/v1/holds", lookers, a.holds, "listHolds", "Holds by the day of their review: what is kept from erasure for now.", items[holdView]{}).asking(holdParams...),
		post("/api/v1/holds", dpo, a.setHold, "setHold", "Keep a person's data, a system's or single records from being erased.", holding{}, 201, holdView{}),
		post("/api/v1/holds/:id/lift", dpo, a.liftHold, "liftHold", "End a hold, with its reason.", lifting{}, 200, holdView{}),

		get("/api/v1/systems", operators, a.systems, "listSystems", "Systems with their health.", systemList{}),
		post("/api/v1/systems/:name/pause", operators, a.pauseSystem(true), "pauseSystem", "Stop all work in a system; * stops every system.", empty{}, 200, systemState{}),
		post("/api/v1/systems/:name/resume", operators, a.pauseSystem(false), "resumeSystem", "Let work go on.", empty{}, 200, systemState{}),
		post("/api/v1/systems/:name/check", operators, a.checkSystem, "checkSystem", "Ask a system whether it is as described.", empty{}, 200, systemHealth{}),

		get("/api/v1/openapi.json", public, nil, "getOpenAPI", "This document.", map[string]any{}),
		get("/log/checkpoint", public, a.checkpoint, "getCheckpoint", "The newest public checkpoint: a C2SP signed note.", nil).file("text/plain"),
		get("/log/tile/*", public, a.tile, "getTile", "A tile of the log as C2SP tlog-tiles writes its path.", nil).file("application/octet-stream"),
		get("/log/consistency", public, a.consistency, "getConsistency", "Proof that one public tree grew from another.", consistency{}).asking(consistencyParams...),
	}
}

// empty is the body of a call that needs none.
type empty struct{}

// serveDocument hands out the OpenAPI document that describes the calls.
func (a *api) serveDocument(calls []call, document []byte) {
	for i := range calls {
		if calls[i].name == "getOpenAPI" {
			calls[i].handler = func(c *fiber.Ctx) error {
				c.Set(fiber.HeaderContentType, jsonType)
				c.Set(fiber.HeaderCacheControl, "public, max-age=300")
				return c.Send(document)
			}
		}
	}
}
