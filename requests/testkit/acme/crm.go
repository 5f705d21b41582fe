package acme

import (
	"fmt"
	"time"
)

// shared fills what belongs to nobody in particular.
func (c *company) shared() {
	for i := range 60 {
		pl := places[i%len(places)]
		c.add("crm.companies", int64(i+1), fmt.Sprintf("%s & %s Ltd", familyNames[i%len(familyNames)].text, familyNames[(i*7+3)%len(familyNames)].text),
			fmt.Sprintf("firm-%02d.example", i+1), fmt.Sprintf("%s %d", streets[i%len(streets)], 900+i), pl.postal, pl.city, pl.country,
			fmt.Sprintf("%s%09d", pl.country, 100000000+i*37), day(2014+i%10, 3, 1))
	}
	for i, n := range networks {
		id := int64(i + 1)
		c.add("social.ad_audiences", id, n, "Tents, look-alike 2 %", "social_ads", day(2022, 4, 1))
		c.add("social.lead_forms", id, n, "Win a weekend at the lake")
		for j := range 10 {
			c.add("social.posts", id*100+int64(j), n, fmt.Sprintf("Trip report no. %d", j+1), day(2024+j/5, time.Month(1+j), 5))
		}
	}
}

// contact adds the person's row, where they live and what staff wrote.
func (c *company) contact(p person) {
	var household, firm, job, paper, changed any
	i := p.index()
	if !p.subject() && !p.awkward() {
		switch i % 9 { // one and the next keep house together
		case 0:
			household = c.add("crm.households", c.next("crm.households"), "Household "+p.family, p.created)
		case 1:
			household = c.next("crm.households") - 1
		}
		if i%6 == 0 {
			firm, job = int64(1+c.r.IntN(60)), c.pick([]string{"Buyer", "Head of events", "Owner", "Teacher"})
		}
	}
	if p.paper != "" {
		paper = p.paper
	}
	if i == sharedHome || i == sharedHome+1 {
		if i == sharedHome {
			c.add("crm.households", c.next("crm.households"), "Household Halvorsen", p.created)
		}
		household = c.next("crm.households") - 1
	}
	if i == recentlyChanged {
		changed = c.on.AddDate(0, 0, -2)
	}
	phone := any(p.phone)
	if i == family+1 {
		phone = nil
	}
	source := []string{"web shop", "trade fair", "social lead", "shop counter"}[i%4]
	c.add("crm.contacts", p.id, p.customerID(), p.given, p.family, p.email, phone, p.birth, p.place.locale, job,
		household, firm, nil, paper, source, changed, p.created, c.after(p.created, 900))

	address := c.next("crm.addresses")
	if i == sharedHome+1 {
		address--
	} else {
		c.add("crm.addresses", address, p.street, p.place.postal, p.place.city, p.place.country)
	}
	c.add("crm.contact_addresses", p.id, address, "home", p.created)
	c.add("crm.contact_addresses", p.id, address, "billing", p.created)
	if !p.subject() && !p.awkward() && i%9 == 8 { // delivers to the neighbour of the next household
		c.add("crm.contact_addresses", p.id, address-1, "delivery", p.created)
	}

	for range c.r.IntN(4) {
		c.add("crm.activities", c.next("crm.activities"), p.id, c.pick([]string{"call", "visit", "e-mail", "web"}),
			c.pick([]string{"Asked about boot sizes", "Tent pole replacement", "Catalogue sent", "Visited the shop"}),
			c.pick([]string{"Prefers to be called in the evening.", "Comes by train; wants light gear.", "Was unhappy with the zip of the sleeping bag."}),
			c.pick(staff), c.after(p.created, 800))
	}
	if p.subject() || c.chance(40) {
		c.add("crm.notes", c.next("crm.notes"), p.id,
			c.pick([]string{"Shoe size 42, wide.", "Allergic to down, offer synthetic fillings.", "Knows Peter from the climbing hall; both want the club discount.", "Ring twice, the bell is broken."}),
			c.pick(staff), c.after(p.created, 700))
	}
	if c.chance(15) {
		created := c.after(p.created, 600)
		c.add("crm.opportunities", c.next("crm.opportunities"), p.id, firm, "Equipment for a group tour", c.pick([]string{"new", "offer", "won", "lost"}),
			money(int64(50000+c.r.IntN(900000))), "EUR", "Decides after the summer holidays.", created, nil)
	}
}

// sales adds orders, each with the invoice of the same day, so that both fall
// out of retention together.
func (c *company) sales(p person) {
	i := p.index()
	switch {
	case i == invoiceKept:
		c.order(p, day(2025, 5, 14))
	case i == invoiceExpired:
		c.order(p, day(2015, 6, 2))
	case p.subject():
		c.order(p, day(2016, time.Month(1+i%12), 3+i%20)) // out of retention
		c.order(p, day(2023+i%3, time.Month(1+i%12), 5+i%20))
	default:
		for range c.r.IntN(4) {
			c.order(p, c.after(p.created, 2500))
		}
	}
}

func (c *company) order(p person, on time.Time) {
	id := c.next("crm.orders")
	var total int64
	for line := range 1 + c.r.IntN(4) {
		a := articles[c.r.IntN(len(articles))]
		n := int64(1 + c.r.IntN(3))
		total += n * a.cents
		c.add("crm.order_lines", id, int32(line+1), a.sku, a.title, int32(n), money(a.cents), on)
	}
	c.add("crm.orders", id, fmt.Sprintf("O-%d-%06d", on.Year(), id), p.customerID(), on, c.pick([]string{"shipped", "delivered", "returned"}),
		money(total), "EUR", p.full(), p.address())
	net := total * 100 / 119
	c.add("crm.invoices", id, fmt.Sprintf("R-%d-%06d", on.Year(), id), id, p.customerID(), on, money(net), money(total-net), money(total), "EUR",
		p.full(), p.address(), p.email, c.after(on, 30))
}

// support adds tickets and what was written in them.
func (c *company) support(p person) {
	n := c.r.IntN(8) / 5
	if p.subject() {
		n = 1
	}
	for range n {
		id := c.next("crm.tickets")
		opened := c.after(p.created, 900)
		c.add("crm.tickets", id, fmt.Sprintf("T-%06d", id), p.id, c.pick([]string{"Tent leaks at the seam", "Wrong size delivered", "Where is my parcel?", "Invoice copy"}),
			c.pick([]string{"solved", "waiting", "open"}), c.pick([]string{"e-mail", "web", "phone"}), opened, nil)
		from := p.email
		for m := range 1 + c.r.IntN(3) {
			at := opened.Add(time.Duration(m) * 7 * time.Hour)
			if m%2 == 0 {
				c.add("crm.ticket_messages", c.next("crm.ticket_messages"), id, from, nil,
					c.pick([]string{"Hello, the seam above the door lets water in. What can I do?", "I ordered 42 and got 44.", "Could you send the invoice again, please?"}), at)
			} else {
				c.add("crm.ticket_messages", c.next("crm.ticket_messages"), id, nil, c.pick(staff),
					"Thank you for writing to us. We are looking into it and come back to you tomorrow.", at)
			}
		}
	}
}

// marketing adds newsletter, consents and ad audiences.
func (c *company) marketing(p person) {
	i := p.index()
	given := c.after(p.created, 300)
	if i == family+1 {
		return // the couple's address is subscribed once
	}
	if p.subject() || c.chance(55) {
		status, gone := "subscribed", any(nil)
		if !p.subject() && c.chance(15) {
			status, gone = "unsubscribed", c.after(given, 400)
		}
		c.add("crm.newsletter_subscriptions", c.next("crm.newsletter_subscriptions"), p.email, p.id, "Trail mail",
			status, "web shop", given, given.Add(20*time.Minute), gone)
	}
	for _, purpose := range []string{"marketing_email", "social_ads", "profiling"} {
		if p.subject() || c.chance(50) {
			c.add("crm.consents", c.next("crm.consents"), p.id, purpose, "given", "v3 of 2021-02-01", "web shop", given, nil)
		}
	}
	if p.subject() || c.chance(45) {
		c.member(p)
	}
}
