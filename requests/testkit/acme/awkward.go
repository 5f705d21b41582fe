package acme

// awkward adds the rows that only the awkward cases have.
func (c *company) awkward() {
	all := people()

	// The older contact of the same person, merged but not emptied.
	p := all[twoContacts]
	old := int64(count + 1)
	c.add("crm.contacts", old, "AC-00417", "Bea", p.family, "bea.alt@post.example", nil, p.birth, p.place.locale, nil,
		nil, nil, p.id, nil, "shop counter", nil, day(2014, 3, 3), day(2019, 5, 6))
	c.add("crm.notes", c.next("crm.notes"), old, "Moved to Dresden in 2018.", "r.kaur", day(2018, 9, 1))
	c.add("crm.newsletter_subscriptions", c.next("crm.newsletter_subscriptions"), "bea.alt@post.example", old, "Trail mail", "subscribed",
		"shop counter", day(2014, 3, 3), nil, nil)

	// Vera and Otto plan a tour together and ask Acme about it.
	c.thread(day(2025, 7, 1), all[thread], all[thread+1])

	// Otto's note names Vera: free text about somebody else.
	c.add("crm.notes", c.next("crm.notes"), all[thread+1].id, "Plans a tour with Vera Castellani, wants a joint invoice.", "t.adler", day(2025, 7, 2))
}
