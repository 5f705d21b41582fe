package sqldb_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"habeas/requests/connect"
	"habeas/requests/connect/connecttest"
)

// What is in doubt follows from the rows, and not from which way was found
// first. Each of these was once found by TestRandomSchemas.
func TestWhichWayWasFirstDoesNotMatter(t *testing.T) {
	t.Parallel()
	const participants = `
  participants: {key: [thread_id, person_id], erase: delete, columns: {thread_id: {}, person_id: {}}, references: {thread_id: {to: threads.id, direction: to}, person_id: people.id}}`
	const threads = `
  threads: {key: id, erase: delete, shared_by: {table: participants, column: thread_id, person: person_id}, columns: {id: {}}}` + participants
	const files = `
  files: {key: id, erase: delete, columns: {id: {}, note_id: {}}, references: {note_id: notes.id}}`
	const caller = `
  people: {key: id, person: true, where: {gone: null}, erase: delete, columns: {id: {}, gone: {}, no: {identity: customer_id}, phone: {learn: {as: phone, proven: always}}}}`
	const calls = `
  calls: {key: id, erase: delete, columns: {id: {}, thread_id: {}, phone: {identity: phone, match: normal, learn: {as: phone, proven: always}}, same: {}}, references: {thread_id: threads.id, same: {to: people.id, direction: to, same_person: true}}}`
	// Once nothing leads on from the notes, once files do.
	bare := func(text string) []string { return []string{text, text + files} }
	for _, tt := range []struct {
		name, tables string
		who          []connect.Identity
		want         []string // "notes 1", in doubt: "notes 1?"
		texts        []string
	}{
		{
			// Two people have one customer number. A note that one of them pinned, of a
			// thread in which the person writes beyond doubt, is no less theirs for it.
			name: "a shared row beside a doubtful person",
			tables: `
create table people (id int primary key, no text, pinned int);
create table threads (id int primary key); create table participants (thread_id int, person_id int, primary key (thread_id, person_id));
create table notes (id int primary key, thread_id int, person_id int); create table files (id int primary key, note_id int);
insert into people values (1, 'A', 1), (2, 'A', null), (3, 'X', null), (4, 'B', null);
insert into threads values (1); insert into participants values (1, 3), (1, 4); insert into notes values (1, 1, 3); insert into files values (1, 1);`,
			who:  []connect.Identity{proven("customer_id", "A"), proven("customer_id", "B")},
			want: []string{"notes 1", `participants ["1", "4"]`, "people 1?", "people 2?", "people 4", "threads 1"},
			texts: bare(`
  people: {key: id, person: true, erase: delete, columns: {id: {}, no: {identity: customer_id}, pinned: {}}, references: {pinned: {to: notes.id, direction: to}}}` + threads + `
  notes: {key: id, erase: delete, columns: {id: {}, thread_id: {}, person_id: {}}, references: {thread_id: threads.id, person_id: people.id}}`),
		},
		{
			// The person's address stands in a stranger's row; that both rows have the
			// same lot takes nothing from the notes of the person's own.
			name: "a row that only others use",
			tables: `
create table people (id int primary key, grp int, email text);
create table addresses (id int primary key, lot int, email text, grp int); create table notes (id int primary key, lot int); create table files (id int primary key, note_id int);
insert into people values (1, 7, 'bob@x.test'), (2, 7, 'eve@x.test'), (3, 8, 'cy@x.test');
insert into addresses values (1, 5, 'bob@x.test', 8), (2, 5, null, 7); insert into notes values (1, 5); insert into files values (1, 1);`,
			who:  []connect.Identity{proven("email", "bob@x.test")},
			want: []string{"addresses 1?", "addresses 2", "notes 1", "people 1"},
			texts: bare(`
  people: {key: id, person: true, erase: delete, columns: {id: {}, grp: {}, email: {identity: email}}}
  addresses: {key: id, erase: delete, columns: {id: {}, lot: {}, email: {identity: email}, grp: {}}, references: {grp: people.grp}}
  notes: {key: id, erase: delete, columns: {id: {}, lot: {}}, references: {lot: addresses.lot}}`),
		},
		{
			// An import that is known by a learned address leads to somebody who turns
			// up only later, as the same human being as the person; so it leads on.
			name: "somebody found after the row that leads there",
			tables: `
create table people (id int primary key, no text, email text);
create table imports (id int primary key, email text, one int, two int);
create table notes (id int primary key, a int, b int, same int);
insert into people values (1, 'A', 'ann@x.test'), (2, 'X', null), (3, 'Y', null);
insert into imports values (1, 'ann@x.test', 3, 2); insert into notes values (1, 1, null, 2);`,
			who:  []connect.Identity{proven("customer_id", "A")},
			want: []string{"imports 1", "notes 1", "people 1", "people 2", "people 3"},
			texts: []string{`
  people: {key: id, person: true, erase: delete, columns: {id: {}, no: {identity: customer_id}, email: {learn: {as: email, proven: always}}}}
  imports: {key: id, erase: delete, columns: {id: {}, email: {identity: email}, one: {}, two: {}}, references: {one: {to: people.id, direction: to, same_person: true}, two: {to: people.id, direction: to, same_person: true}}}
  notes: {key: id, erase: delete, columns: {id: {}, a: {}, b: {}, same: {}}, references: {a: people.id, b: people.id, same: {to: people.id, direction: to, same_person: true}}}`},
		},
		{
			// A learned address stands in a stranger's row that is somebody else's
			// record, too: whose the other import is, nobody knows.
			name: "a learned address in a row of two strangers",
			tables: `
create table people (id int primary key, no text, email text);
create table imports (id int primary key, email text, of int, same int); create table files (id int primary key, import_id int);
insert into people values (1, 'A', 'ann@x.test'), (2, 'X', null), (3, 'Y', null);
insert into imports values (1, 'ann@x.test', 3, 2), (2, 'ann@x.test', null, null);`,
			who:  []connect.Identity{proven("customer_id", "A")},
			want: []string{"imports 1?", "imports 2?", "people 1"},
			texts: []string{`
  people: {key: id, person: true, erase: delete, columns: {id: {}, no: {identity: customer_id}, email: {learn: {as: email, proven: always}}}}
  imports: {key: id, erase: delete, columns: {id: {}, email: {identity: email}, of: {}, same: {}}, references: {of: people.id, same: {to: people.id, direction: to, same_person: true}}}`},
		},
		{
			// A call of the person's thread has the person's number, but says to be
			// somebody who is gone: whether the thread or the number led there first.
			name: "a row that teaches what another taught",
			tables: `
create table people (id int primary key, no text, phone text, gone date);
create table threads (id int primary key); create table participants (thread_id int, person_id int, primary key (thread_id, person_id));
create table calls (id int primary key, thread_id int, phone text, same int);
insert into people values (1, 'A', '+49301', null), (2, 'X', null, '2020-01-01');
insert into threads values (1); insert into participants values (1, 1); insert into calls values (1, 1, '+49301', 2);`,
			who:  []connect.Identity{proven("customer_id", "A")},
			want: []string{"calls 1?", `participants ["1", "1"]`, "people 1", "threads 1"},
			texts: []string{
				caller + threads + calls,
				caller + `
  threads: {key: id, erase: delete, columns: {id: {}}}` + participants + calls,
			},
		},
	} {
		for i, text := range tt.texts {
			t.Run(fmt.Sprint(tt.name, i), func(t *testing.T) {
				t.Parallel()
				s := open(t, tt.tables, "version: 1\ntables:"+text)
				found, _ := connecttest.Find(t, s.DB, tt.who)
				var got []string
				for _, f := range found {
					mark := ""
					if f.Match == connect.Ambiguous {
						mark = "?"
					}
					if f.Type != "files" {
						got = append(got, f.Type+" "+f.Key+mark)
					}
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}
