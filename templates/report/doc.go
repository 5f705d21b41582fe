// Package report renders what people read offline: index.html of the
// customer's package and report.html of the auditor's evidence report. Its
// pages need no network and no script; they take plain structs.
package report
