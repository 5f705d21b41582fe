package evidence

// Chunk is what an event says about its receipts: one line per record in
// receipts.jsonl, all lines of this task, kind and attempt, in one run.
type Chunk struct {
	Attempt Count  `json:"attempt"`
	Count   Count  `json:"count"`  // lines
	SHA256  Digest `json:"sha256"` // of the lines, each with its newline
	System  Code   `json:"system"`
	Task    ID     `json:"task"`
}

// The record.* events: one per task and kind, always written, count zero too.
type (
	// RecordRead counts records read for an access or portability case.
	RecordRead struct{ Chunk }
	// RecordErased counts records deleted.
	RecordErased struct{ Chunk }
	// RecordMasked counts records of which fields were blanked.
	RecordMasked struct{ Chunk }
	// RecordKept counts records left as they are, on their grounds.
	RecordKept struct{ Chunk }
	// RecordDetached counts shared records cut loose from the person.
	RecordDetached struct{ Chunk }
	// RecordSuppressed counts records opted out.
	RecordSuppressed struct{ Chunk }
	// RecordCorrected counts records set right.
	RecordCorrected struct{ Chunk }
	// RecordResumed counts records that hold again what a restriction had stopped.
	RecordResumed struct{ Chunk }
)

// OutcomeVerified says what was seen when the system was looked at again
// after the act, or in a later re-scan. Its receipts hold every record.
type OutcomeVerified struct {
	Attempt  Count          `json:"attempt"`
	Count    Count          `json:"count"`
	Outcomes []OutcomeCount `json:"outcomes"`
	Round    Code           `json:"round"` // after_act, rescan_1, rescan_30, rescan_90, purge
	SHA256   Digest         `json:"sha256"`
	System   Code           `json:"system"`
	Task     ID             `json:"task"`
}

// OutcomeReappeared names, in its receipts, the records that came back.
type OutcomeReappeared struct {
	Attempt Count  `json:"attempt"`
	Count   Count  `json:"count"`
	Round   Code   `json:"round"`
	SHA256  Digest `json:"sha256"`
	System  Code   `json:"system"`
	Task    ID     `json:"task"`
}

// chunked is a payload that vouches for receipts.
type chunked interface{ chunk() Chunk }

func (c Chunk) chunk() Chunk { return c }

func (d OutcomeVerified) chunk() Chunk {
	return Chunk{d.Attempt, d.Count, d.SHA256, d.System, d.Task}
}

func (d OutcomeReappeared) chunk() Chunk {
	return Chunk{d.Attempt, d.Count, d.SHA256, d.System, d.Task}
}
