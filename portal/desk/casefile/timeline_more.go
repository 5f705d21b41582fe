package casefile

import (
	"fmt"
	"strings"

	"habeas/requests/evidence"
	"habeas/templates"
)

// tellMatter tells what appeals, complaints, duplicates, documents and replies
// have to do with a case.
func tellMatter(d evidence.Data) (title, text string) {
	switch d := d.(type) {
	case evidence.RequestRepeated:
		if d.How == "joined" {
			return "A duplicate was joined", "The person asked for the same again. This request answers both."
		}
		return "Asked again", "The same address had an answer to this within a year. Whether that is excessive a person decides."
	case evidence.MatterFiled:
		return matterName(d.Matter) + " filed", fmt.Sprintf("About %s, received on %s. Answer due on %s.", list(d.Rights), d.ReceivedAt.Format("2 January 2006"), long(d.DueOn))
	case evidence.MatterDecided:
		text := "The person is told the reasons."
		if d.Redo != "" {
			text = "It is done again as a request of its own: " + list(d.Rights) + "."
		}
		return "Decided: " + decisionWord(d.Decision), text
	case evidence.RecourseOpened:
		return matterName(d.Matter) + " filed about this request", "Somebody decides it who had no part in this request."
	case evidence.RecourseEnded:
		text := ""
		if d.Redo != "" {
			text = "It is done again as a request of its own."
		}
		return "The appeal or complaint ended: " + decisionWord(d.Decision), text
	case evidence.DocumentReceived:
		return "Document received", "A proof of " + plain(d.What) + ", sealed until it is decided."
	case evidence.DocumentDeleted:
		return "Document deleted", "It was " + plain(d.Cause) + "."
	case evidence.ReplyReceived:
		if d.File {
			return "The customer replied", "With a file."
		}
		return "The customer replied", ""
	case evidence.ReplyDeleted:
		return "A reply was deleted", "It was " + plain(d.Cause) + "."
	case evidence.HoldFound:
		return "A hold keeps " + Records(int64(d.Records)), heldFor(d.Ground)
	}
	return tellRights(d)
}

// heldFor says why a hold was set, to whoever reads the case.
func heldFor(ground evidence.Code) string {
	switch ground {
	case "withheld", "person_at_risk": // the latter stands in events of earlier versions
		return "Why is known to the data protection officers and to whoever answers for the hold."
	}
	return plain(ground) + "."
}

// tellRights tells what single rights bring with them.
func tellRights(d evidence.Data) (title, text string) {
	switch d := d.(type) {
	case evidence.RecipientDue:
		return "A recipient has to be told", fmt.Sprintf("%s, of the %s.", d.Recipient, plain(d.Right))
	case evidence.RecipientTold:
		if d.Status == "acknowledged" {
			return "A recipient confirmed", string(d.Recipient) + "."
		}
		return "A recipient was told", string(d.Recipient) + ": " + plain(d.Status) + "."
	case evidence.RecipientExcused:
		return "A recipient is not told", fmt.Sprintf("%s: %s, %s.", d.Recipient, plain(d.Ground), d.Cite)
	case evidence.CorrectionDecided:
		return "Correction decided", fmt.Sprintf("%s in %s: %s.", plain(d.Field), plain(d.Type), plain(d.Decision))
	case evidence.ObjectionRefused:
		uses := make([]string, len(d.Uses))
		for i, u := range d.Uses {
			uses[i] = plain(u)
		}
		return "Objection refused in part", strings.Join(uses, ", ") + ": " + plain(d.Ground) + ", " + string(d.Cite)
	case evidence.RestrictionSet:
		return "Processing restricted", plain(d.Ground) + ", " + string(d.Cite)
	case evidence.RestrictionWarned:
		return "The person was told that the restriction ends", "Not before " + long(d.LiftOn) + "."
	case evidence.RestrictionLifted:
		return "Restriction lifted", ""
	case evidence.LetterEdited:
		return "Words written for a letter", templates.LetterLabel(string(d.Template)) + "."
	case evidence.PackageReleased:
		return fmt.Sprintf("Package released, %d of %d", d.Approval, d.Needed), ""
	}
	return "", ""
}

func matterName(kind evidence.Code) string {
	if kind == "appeal" {
		return "Appeal"
	}
	return "Complaint"
}

func decisionWord(c evidence.Code) string {
	if c == "partly" {
		return "granted in part"
	}
	return plain(c)
}
