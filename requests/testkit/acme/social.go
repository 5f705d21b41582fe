package acme

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// member adds the person to the audience of their network.
func (c *company) member(p person) {
	sum := sha256.Sum256([]byte(strings.ToLower(p.email)))
	for i, n := range networks {
		if n == p.network {
			c.add("social.audience_members", int64(i+1), hex.EncodeToString(sum[:]), p.customerID(), "active", day(2023, 2, 1), nil)
		}
	}
}

// social adds the profile, its link to the CRM and what it wrote.
func (c *company) social(p person) {
	i := p.index()
	if !p.subject() && !p.awkward() && c.chance(45) {
		return
	}
	if i == family+1 {
		return
	}
	seen := c.after(p.created, 900)
	handle := p.handle()
	switch i {
	case staleHandle:
		handle = "stella.on.rocks" // was trailfox
	case staleHandle + 1:
		handle = "trailfox"
	case claimed + 1:
		handle = "gipfel.gretel"
	}
	c.add("social.profiles", p.profileID(), p.network, p.uid(), handle, p.full(), "Outdoors whenever it rains.", int32(c.r.IntN(4000)), seen, c.after(seen, 500))
	c.link(p, handle, seen)

	if p.subject() || p.awkward() || c.chance(30) {
		c.thread(seen, p)
	}
	if p.subject() || c.chance(35) {
		c.add("social.mentions", c.next("social.mentions"), p.profileID(), p.network, fmt.Sprintf("post-%d", 5000+p.id),
			c.pick([]string{"Three nights of rain and the @acmeoutdoor tent held!", "@acmeoutdoor your boots are the best", "Still waiting for my parcel @acmeoutdoor"}),
			int16(c.r.IntN(3)-1), c.after(seen, 300))
	}
	for range c.r.IntN(3) {
		for k, n := range networks {
			if n == p.network {
				c.add("social.comments", c.next("social.comments"), int64(k+1)*100+int64(c.r.IntN(10)), p.profileID(),
					c.pick([]string{"Where is that lake?", "Looks cold!", "Which stove is this?"}), false, c.after(seen, 300))
			}
		}
	}
	if p.subject() || c.chance(25) {
		c.lead(p, seen)
	}
}

// link ties the profile to the contact, with the proof that Acme has.
func (c *company) link(p person, handle string, seen time.Time) {
	proof, proved, uid := "sign-in", any(seen), any(p.uid())
	switch i := p.index(); {
	case i == staleHandle:
		handle, proof, proved = "trailfox", "code", day(2021, 8, 9)
	case i == claimed:
		handle, uid, proof, proved = "gipfel.gretel", nil, "claimed", nil
	case !p.subject() && !p.awkward() && i%7 == 0:
		uid, proof, proved = nil, "claimed", nil
	}
	c.add("crm.social_links", c.next("crm.social_links"), p.id, p.network, handle, uid, proof, proved, seen)
}

// thread adds a direct-message thread of these people with Acme.
func (c *company) thread(at time.Time, who ...person) {
	id := c.next("social.dm_threads")
	c.add("social.dm_threads", id, who[0].network, nil, at)
	for k, p := range who {
		c.add("social.dm_participants", id, p.profileID(), at)
		c.add("social.dm_messages", c.next("social.dm_messages"), id, p.profileID(),
			c.pick([]string{"Hi! Is the Fjell tent back in stock?", "Do you repair zips?", "Can I pick it up in the shop?"}), at.Add(time.Duration(k)*time.Hour))
	}
	c.add("social.dm_messages", c.next("social.dm_messages"), id, nil, "Hello! Yes, until Saturday. Shall we put one aside?", at.Add(5*time.Hour))
}

// lead adds what the person typed into a form on their network.
func (c *company) lead(p person, at time.Time) {
	answers, err := json.Marshal(map[string]string{"tent": c.pick([]string{"for two", "for four"}), "nights": c.pick([]string{"1–3", "4–10", "more"})})
	if err != nil {
		panic(err) // two strings
	}
	var form int64
	for k, n := range networks {
		if n == p.network {
			form = int64(k + 1)
		}
	}
	var id pgtype.UUID
	sum := sha256.Sum256(fmt.Appendf(nil, "lead %d", c.next("social.lead_submissions")))
	copy(id.Bytes[:], sum[:16])
	id.Bytes[6], id.Bytes[8] = id.Bytes[6]&0x0f|0x40, id.Bytes[8]&0x3f|0x80
	id.Valid = true
	c.add("social.lead_submissions", id, form, p.profileID(), p.email, p.phone, p.full(), string(answers), c.chance(70), c.after(at, 200))
}
