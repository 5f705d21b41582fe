package templates

// Paths of the desk and the auditor, so that pages and routes agree. The
// customer's are fixed and stand in portal/subject.
//
//	/sign-in                                 GET POST
//	/desk/sign-out                           POST (staff; customers: /sign-out)
//	/desk/session                            GET, 204: keeps the session alive (customers: /session)
//	/desk                                    GET ?filter=&right=&system=&cursor=
//	/desk/search                             POST q
//	/desk/new                                GET POST
//	/desk/cases/{id}                         GET ?cursor=
//	/desk/cases/{id}/{verb}                  GET POST  approve refuse extend pause resume rediscover
//	/desk/cases/{id}/decide                  GET ?record=system/type/key… POST
//	/desk/cases/{id}/personal-data           GET asks the purpose, POST shows
//	/desk/cases/{id}/corrections             GET asks the purpose, POST shows and decides
//	/desk/cases/{id}/recipients              GET; /{notice} POST
//	/desk/cases/{id}/restriction             GET; /warn and /lift POST
//	/desk/cases/{id}/tasks/{task}/result     GET POST
//	/desk/cases/{id}/tasks/{task}/retry      POST
//	/desk/systems                            GET
//	/desk/systems/{name}/{verb}              POST  pause resume check; name "all" is the kill switch
//	/admin/users                             GET POST; /admin/users/{id}/{verb} POST disable enable unlock
//	/audit                                   GET ?right=&from=&to=&gaps=&cursor=
//	/audit/cases/{id}                        GET
//	/audit/cases/{id}/evidence               GET (zip)
//	/audit/log                               GET

// DeskCasePath is the path of a case on the desk; verb may be "".
func DeskCasePath(id, verb string) string {
	if verb == "" {
		return "/desk/cases/" + id
	}
	return "/desk/cases/" + id + "/" + verb
}

// DeskTaskPath is the path of a task's verb (result, retry).
func DeskTaskPath(id, task, verb string) string {
	return "/desk/cases/" + id + "/tasks/" + task + "/" + verb
}

// AuditCasePath is the path of a case for the auditor.
func AuditCasePath(id string) string { return "/audit/cases/" + id }
