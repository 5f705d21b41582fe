package sqldb_test

import (
	"fmt"
	"slices"
	"strings"
)

// company is a small random company: the rows of the small world that matter
// for whose a row is.
type company struct {
	contacts []contact // number = index + 1
	emails   []altEmail
	orders   []int // contact, 0 for none; key = index + 1
	lines    []int // order; key = index + 1
	subs     []sub
	profiles []int    // contact, 0 for none
	joined   [][2]int // thread, profile
	messages [][2]int // thread, profile (0 for none)
	comments []int    // contact, 0 for none
}

type contact struct {
	email     string
	household int // 0 for none
	merged    int // an earlier contact, 0 for none
	deleted   bool
}

type altEmail struct {
	email     string
	contact   int
	confirmed bool
}

type sub struct {
	email   string
	contact int
}

const (
	households = 3
	threads    = 3
)

// sql fills the tables of the small world anew.
func (c company) sql() string {
	var b strings.Builder
	b.WriteString("truncate households, contacts, emails, orders, order_lines, invoices, comments, opportunities, subscriptions, profiles, threads, participants, messages restart identity;")
	c.rows(&b)
	return b.String()
}

// mysql does the same on MariaDB.
func (c company) mysql() string {
	var b strings.Builder
	b.WriteString("set foreign_key_checks = 0;")
	for _, table := range []string{"messages", "participants", "threads", "profiles", "subscriptions", "opportunities", "comments", "invoices", "order_lines", "orders", "emails", "contacts", "households"} {
		b.WriteString("delete from " + table + ";")
	}
	b.WriteString("alter table contacts auto_increment = 1; set foreign_key_checks = 1;")
	c.rows(&b)
	return b.String()
}

func (c company) rows(b *strings.Builder) {
	ref := func(n int) string {
		if n == 0 {
			return "null"
		}
		return fmt.Sprint(n)
	}
	add := func(format string, args ...any) { fmt.Fprintf(b, format+";\n", args...) }
	for i := range households {
		add("insert into households values (%d, 'Street %d')", i+1, i+1)
	}
	for i := range threads {
		add("insert into threads values (%d, 'topic')", i+1)
	}
	for i, x := range c.contacts {
		add("insert into contacts (email, name, household_id, merged_into, deleted_at) values ('%s', 'Name %d', %s, %s, %s)",
			x.email, i+1, ref(x.household), ref(x.merged), map[bool]string{true: "now()", false: "null"}[x.deleted])
	}
	for _, x := range c.emails {
		add("insert into emails values ('%s', %d, %v)", x.email, x.contact, x.confirmed)
	}
	for i, x := range c.orders {
		add("insert into orders values (1, %d, %s, '2020-01-01')", i+1, ref(x))
	}
	for i, x := range c.lines {
		add("insert into order_lines values (1, %d, %d, 'article')", x, i+1)
	}
	for i, x := range c.subs {
		add("insert into subscriptions values (%d, '%s', %s, 'news', 'on', null)", i+1, x.email, ref(x.contact))
	}
	for i, x := range c.profiles {
		add("insert into profiles values (%d, 'mastodon', 'u%d', 'h%d', %s, true)", i+1, i+1, i+1, ref(x))
	}
	for _, x := range c.joined {
		add("insert into participants values (%d, %d)", x[0], x[1])
	}
	for i, x := range c.messages {
		add("insert into messages values (%d, %d, %s, 'text')", i+1, x[0], ref(x[1]))
	}
	for i, x := range c.comments {
		add("insert into comments values (%d, %s, 'author', 'body', 'mail%d@example.test', null)", i+1, ref(x), i+1)
	}
}

func (c company) live(n int) bool { return n > 0 && !c.contacts[n-1].deleted }

// same closes a set of contacts over merged duplicates: the same human being.
func (c company) same(mine map[int]bool) {
	for changed := true; changed; {
		changed = false
		for i, x := range c.contacts {
			n, m := i+1, x.merged
			if !c.live(n) || !c.live(m) {
				continue
			}
			if mine[n] != mine[m] {
				mine[n], mine[m], changed = true, true, true
			}
		}
	}
}

// answer is what the oracle says about one verified e-mail address: records as
// "type/key", true where the record is shared.
type answer struct {
	records   map[string]bool
	others    map[string]int
	ambiguous bool // the address itself leads to two people
	// unsure are records held by an address that also stands with somebody else,
	// or that refer to somebody else.
	unsure map[string]bool
}

// ask walks the company row by row, the slow and obvious way.
func (c company) ask(email string) answer {
	a := answer{records: map[string]bool{}, others: map[string]int{}, unsure: map[string]bool{}}
	entry := map[int]bool{}
	for i, x := range c.contacts {
		if x.email == email && c.live(i+1) {
			entry[i+1] = true
		}
	}
	for _, x := range c.emails {
		if x.email == email && c.live(x.contact) {
			entry[x.contact] = true
		}
	}
	mine := map[int]bool{}
	groups := 0
	for n := range c.contacts {
		if entry[n+1] && !mine[n+1] {
			groups++
			mine[n+1] = true
			c.same(mine)
		}
	}
	a.ambiguous = groups > 1
	for n := range mine {
		a.records[fmt.Sprintf("contacts/%d", n)] = false
	}
	addresses, shaky := c.addresses(email, mine)
	for _, x := range c.emails {
		key := fmt.Sprintf(`emails/["%s", "%d"]`, x.email, x.contact)
		switch {
		case mine[x.contact]:
			a.records[key] = false
		case slices.Contains(addresses, x.email):
			a.records[key], a.unsure[key] = false, true
		}
	}
	c.belongings(&a, mine)
	for i, x := range c.subs {
		key := fmt.Sprintf("subscriptions/%d", i+1)
		hasAddress := slices.Contains(addresses, x.email)
		switch {
		case mine[x.contact]:
			a.records[key] = false
		case hasAddress:
			a.records[key] = false
			a.unsure[key] = x.contact != 0 || shaky[x.email]
		}
	}
	c.social(&a, mine)
	return a
}

// addresses are those that lead to subscriptions: the given one, and the
// confirmed ones of the person. shaky ones stand with somebody else as well.
func (c company) addresses(email string, mine map[int]bool) (all []string, shaky map[string]bool) {
	all, shaky = []string{email}, map[string]bool{}
	for _, x := range c.emails {
		if mine[x.contact] && x.confirmed && !slices.Contains(all, x.email) {
			all = append(all, x.email)
		}
	}
	for _, e := range all[1:] {
		for i, x := range c.contacts {
			shaky[e] = shaky[e] || (x.email == e && c.live(i+1) && !mine[i+1])
		}
		for _, x := range c.emails {
			shaky[e] = shaky[e] || (x.email == e && c.live(x.contact) && !mine[x.contact])
		}
	}
	return all, shaky
}

func (c company) belongings(a *answer, mine map[int]bool) {
	for i, owner := range c.orders {
		if mine[owner] {
			a.records[fmt.Sprintf(`orders/["1", "%d"]`, i+1)] = false
		}
	}
	for i, order := range c.lines {
		if mine[c.orders[order-1]] {
			a.records[fmt.Sprintf(`order_lines/["1", "%d", "%d"]`, order, i+1)] = false
		}
	}
	for i, owner := range c.comments {
		if mine[owner] {
			a.records[fmt.Sprintf("comments/%d", i+1)] = false
		}
	}
	for h := 1; h <= households; h++ {
		others, used := 0, false
		for i, x := range c.contacts {
			if x.household != h {
				continue
			}
			if mine[i+1] {
				used = true
			} else {
				others++
			}
		}
		if key := fmt.Sprintf("households/%d", h); used {
			a.records[key], a.others[key] = others > 0, others
		}
	}
}

func (c company) social(a *answer, mine map[int]bool) {
	me := map[int]bool{}
	for i, owner := range c.profiles {
		if mine[owner] {
			me[i+1] = true
			a.records[fmt.Sprintf("profiles/%d", i+1)] = false
		}
	}
	inThread, others := map[int]bool{}, map[int]int{}
	for _, x := range c.joined {
		if me[x[1]] {
			inThread[x[0]] = true
			a.records[fmt.Sprintf(`participants/["%d", "%d"]`, x[0], x[1])] = false
		} else {
			others[x[0]]++
		}
	}
	for t := range inThread {
		key := fmt.Sprintf("threads/%d", t)
		a.records[key], a.others[key] = others[t] > 0, others[t]
	}
	for i, x := range c.messages {
		key := fmt.Sprintf("messages/%d", i+1)
		switch {
		case me[x[1]]:
			a.records[key] = false
		case inThread[x[0]]:
			a.records[key] = others[x[0]] > 0 || x[1] != 0
		}
	}
}
