package evidence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"habeas/requests/evidence"
	"habeas/requests/testkit"
)

func TestCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, says string }{
		"nothing":       {"select 1", ""},
		"event altered": {"alter table events disable trigger all; update events set line = '{}' where id = 200", "entry 199 is not as"},
		"event gone":    {"alter table events disable trigger all; alter table leaves disable trigger all; delete from leaves where index = 7; delete from events where id = 8", "entry 7 is gone"},
		"last gone":     {"alter table events disable trigger all; alter table leaves disable trigger all; delete from leaves where index = 9499; delete from events where id = 9500", "entry 9499 is gone"},
		"never queued":  {"delete from events_pending", "neither in the log nor waiting"},
		"checkpoint":    {"alter table checkpoints disable trigger all; update checkpoints set root = sha256('')", "root of 9500"},
		"tile":          {"update tiles set data = set_byte(data, 0, 1 + get_byte(data, 0) % 255) where level = 0 and n = 36", "entry 9216 is not as"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testkit.DB(t)
			log := open(t, pool, 0)
			fillTo(t, pool, 9500)
			integrate(t, log)
			fillTo(t, pool, 9501)
			owner, err := pgx.Connect(t.Context(), testkit.OwnerURL(t))
			if err != nil {
				t.Fatal(err)
			}
			defer owner.Close(t.Context())
			if _, err := owner.Exec(t.Context(), c.sql); err != nil {
				t.Fatal(err)
			}
			n, err := log.Check(t.Context())
			if c.says == "" {
				if n != 9500 || err != nil {
					t.Errorf("%d intact, %v", n, err)
				}
				return
			}
			if !errors.Is(err, evidence.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d intact, says %v, want %q", n, err, c.says)
			}
		})
	}
}
