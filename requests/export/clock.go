package export

import "habeas/templates/report"

// Clock is one legal date of a report with the article it rests on.
type Clock = report.Clock
