// Package evidence keeps the log of what was done in every case: typed events
// written in the business transaction, a Merkle tree over them in the formats
// of public transparency logs (C2SP tlog-tiles, tlog-checkpoint, signed notes;
// RFC 6962 hashing), receipts per record, and the report that an auditor can
// check offline with Verify.
//
// Events hold ids, codes, counts, times and digests only. The types in
// values.go refuse anything else when an event is written.
package evidence
