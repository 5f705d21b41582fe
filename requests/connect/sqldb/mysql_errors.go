package sqldb

import (
	"errors"
	"fmt"
	"regexp"

	my "github.com/go-sql-driver/mysql"
)

// explain implements engine. Messages quote values; only names of the schema
// are taken out of them.
func (*mysql) explain(err error) (refusal, bool) {
	var e *my.MySQLError
	if !errors.As(err, &e) {
		return refusal{}, false
	}
	r := refusal{class: mysqlCodes[e.Number], code: fmt.Sprintf("MySQL error %d", e.Number)}
	r.changed = r.class == refusedSchema
	switch r.class {
	case refusedForeignKey:
		if m := mysqlForeignKey.FindStringSubmatch(e.Message); m != nil {
			r.schema, r.table, r.constraint = m[1], m[2], m[3]
		}
	case refusedUnique:
		if m := mysqlKey.FindStringSubmatch(e.Message); m != nil {
			r.constraint = m[1]
		}
	case refusedNotNull:
		if m := mysqlColumn.FindStringSubmatch(e.Message); m != nil {
			r.column = m[1]
		}
	case refusedCheck:
		if m := mysqlCheck.FindStringSubmatch(e.Message); m != nil {
			r.constraint = m[1] + m[2]
		}
	}
	return r, true
}

// How the server names what it refuses. Values stand before names, so that
// patterns are anchored at the end or hold nothing a value could imitate.
var (
	mysqlForeignKey = regexp.MustCompile("^Cannot (?:delete or update a parent|add or update a child) row: a foreign key constraint fails \\([`\"]([^`\"]+)[`\"]\\.[`\"]([^`\"]+)[`\"], CONSTRAINT [`\"]([^`\"]+)[`\"]")
	mysqlKey        = regexp.MustCompile(`for key '([^']+)'$`)
	mysqlColumn     = regexp.MustCompile(`^Column '([^']+)' cannot be null$`)
	mysqlCheck      = regexp.MustCompile("^(?:CONSTRAINT [`\"]([^`\"]+)[`\"] failed for [`\"]|Check constraint '([^']+)' is violated)")
)

// mysqlCodes are the error numbers of MySQL and MariaDB.
var mysqlCodes = map[uint16]class{
	1213: refusedConflict, 1020: refusedConflict, 1412: refusedConflict, 1637: refusedConflict,
	1205: refusedLocked, 3572: refusedLocked,
	1969: refusedSlow, 3024: refusedSlow, 1317: refusedSlow,
	1048: refusedNotNull, 1364: refusedNotNull,
	1451: refusedForeignKey, 1452: refusedForeignKey, 1216: refusedForeignKey, 1217: refusedForeignKey,
	1062: refusedUnique, 1586: refusedUnique,
	4025: refusedCheck, 3819: refusedCheck,
	1406: refusedLength,
	1264: refusedValue, 1265: refusedValue, 1292: refusedValue, 1366: refusedValue, 1411: refusedValue, 1525: refusedValue, 1690: refusedValue, 3140: refusedValue, 3156: refusedValue, 4038: refusedValue,
	1142: refusedRight, 1143: refusedRight, 1044: refusedRight, 1227: refusedRight, 1370: refusedRight,
	1146: refusedSchema, 1054: refusedSchema, 1051: refusedSchema, 1072: refusedSchema, 1305: refusedSchema,
	1290: refusedReadOnly, 1792: refusedReadOnly, 1836: refusedReadOnly, 1874: refusedReadOnly,
	1644: refusedTrigger,
	1045: refusedSignIn, 1049: refusedSignIn, 1698: refusedSignIn, 1862: refusedSignIn,
	1040: refusedAway, 1053: refusedAway, 1203: refusedAway, 1226: refusedAway, 1021: refusedAway, 1028: refusedAway, 1041: refusedAway, 1114: refusedAway, 1135: refusedAway, 1153: refusedAway, 1158: refusedAway, 1159: refusedAway, 1160: refusedAway, 1161: refusedAway, 1927: refusedAway, 3169: refusedAway, 4031: refusedAway,
}
