package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExampleConfigurationIsInOrder(t *testing.T) {
	for _, env := range []string{"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HABEAS_SYSTEM_CRM_URL"} {
		t.Setenv(env, "set")
	}
	c, err := loadConfig("../../docs/habeas.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Approvals.Erasure != 2 || len(c.Systems) != 2 || c.Systems[0].url != "set" {
		t.Fatalf("read %+v", c)
	}
}

func TestEveryFaultOfAConfigurationIsNamedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "habeas.yaml")
	text := "clock: {zone: Mars/Olympus, pause: sometimes}\nsystems: [{name: crm, kind: abacus}]\ncompany: {languages: [de, tlh, de]}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{"DATABASE_URL", "REDIS_URL", "HABEAS_SYSTEM_CRM_URL"} {
		t.Setenv(env, "")
	}
	_, err := loadConfig(path)
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{"database.url_file", "redis.url_file", "systems.crm.url_file", "company.name", "base_url", "log.origin", "keys", "blobs", "clock.zone", "clock.pause", "abacus", `"tlh"; choose among en, de, fr, es`, `"de" stands there twice`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in: %v", want, err)
		}
	}
}

func TestUnknownKeysAreRefusedWithTheirLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "habeas.yaml")
	if err := os.WriteFile(path, []byte("company:\n  nmae: Acme\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := loadConfig(path)
	if err == nil || !strings.Contains(err.Error(), "nmae") || !strings.Contains(err.Error(), "2") {
		t.Fatalf("got %v", err)
	}
}

func TestNoConfigurationEndsTheProgram(t *testing.T) {
	for _, text := range []string{"! {0}", "systems: ! {0}", "\x00", "a: &a [*a]", "company: [", strings.Repeat("[", 5000)} {
		if err := decode([]byte(text), new(Config)); err == nil {
			t.Errorf("%.20q was taken", text)
		}
	}
}
