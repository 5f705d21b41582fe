package requests_test

import (
	"habeas/requests"
	"habeas/requests/testkit/acme"
	"habeas/requests/testkit/company"
)

func testWrongCodes(c *company.Company, who acme.Subject) {
	r := c.File(who.Email, "access")
	right := c.Code(who.Email, r.Reference)
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for i := 1; i <= 5; i++ {
		_, err := c.Svc.Verify(c.Context(), r.ID, wrong)
		want := "wrong-code"
		if i == 5 {
			want = "code-dead"
		}
		refused(c.TB, err, want)
	}
	_, err := c.Svc.Verify(c.Context(), r.ID, right)
	refused(c.TB, err, "code-dead")
	if n := kinds(c, r.ID)["identity.failed"]; n < 5 {
		c.Errorf("%d misses noted", n)
	}
	if k := c.Await(r.ID, requests.Filed); k.VerifiedAt != nil {
		c.Error("verified by a dead code")
	}
}
