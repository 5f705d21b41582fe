// Package export makes what leaves Habeas as files: the customer's package
// (Art. 15 and 20 GDPR, Cal. Civ. Code 1798.110) and the auditor's readable
// report.
//
// What an access case collects is staged, one sealed stream per system
// (StageWriter). BuildPackage turns the stages into one zip, in memory that
// does not grow with the data; EvidenceReport turns a case's event lines into
// report.html and report.pdf and hands them to evidence.WriteReport.
package export
