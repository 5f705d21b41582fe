package letters

// The slots whose words are the desk's.
const (
	SlotReason = "reason" // facts of a decision
	SlotNote   = "note"   // a personal note
	SlotPerson = "person" // who answers questions
)
