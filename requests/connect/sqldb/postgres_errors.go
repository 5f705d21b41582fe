package sqldb

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// explain implements engine.
func (*postgres) explain(err error) (refusal, bool) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return refusal{}, false
	}
	r := refusal{
		class: sqlStates[pg.Code], code: "SQLSTATE " + pg.Code,
		schema: pg.SchemaName, table: pg.TableName, column: pg.ColumnName, constraint: pg.ConstraintName,
	}
	if len(pg.Code) == 5 {
		r.changed = pg.Code[:2] == "42"
		if r.class == refusedOther {
			r.class = sqlStates[pg.Code[:2]]
		}
	}
	return r, true
}

// sqlStates are PostgreSQL's codes and classes of codes.
var sqlStates = map[string]class{
	"40001": refusedConflict, "40P01": refusedConflict,
	"55P03": refusedLocked,
	"57014": refusedSlow,
	"23502": refusedNotNull,
	"23503": refusedForeignKey,
	"23505": refusedUnique,
	"23514": refusedCheck,
	"22001": refusedLength,
	"22P02": refusedValue, "22003": refusedValue, "22007": refusedValue, "22008": refusedValue,
	"42501": refusedRight,
	"42P01": refusedSchema, "42703": refusedSchema, "42883": refusedSchema, "42804": refusedSchema, "3F000": refusedSchema,
	"25006": refusedReadOnly,
	"P0001": refusedTrigger,
	"28P01": refusedSignIn, "28000": refusedSignIn, "3D000": refusedSignIn,
	"08": refusedAway, "53": refusedAway, "57": refusedAway, "58": refusedAway, "XX": refusedAway,
	"25": refusedTransaction,
}
