-- +goose Up

-- Consents given and withdrawn, one row per statement; the latest not voided one counts. Persons
-- stand here as keyed digests only (first byte: version of the look-up key).
create table consent_ledger (
	id        bigint generated always as identity primary key,
	lookup    bytea not null,
	purpose   text not null,              -- '*' withdraws every purpose
	allowed   boolean not null,
	since     timestamptz not null,
	source    text not null,              -- 'case' or 'service:<name>'
	case_id   uuid,                       -- the request that withdrew it
	receipt   uuid not null,
	made_at   timestamptz not null default clock_timestamp(),
	voided_at timestamptz                 -- undone by the person concerned
);
create index consent_ledger_state on consent_ledger (lookup, since desc, id desc) where voided_at is null;
create index consent_ledger_case on consent_ledger (case_id) where case_id is not null;

-- Whom not to contact, sell or share again, and in what scope. Kept for this alone (GDPR 21(3),
-- 17(3)(b); 11 CCR 7022(e)), also after the case that asked for it is gone.
create table suppressions (
	id        bigint generated always as identity primary key,
	lookup    bytea not null,
	scope     text not null,              -- a purpose, or '*'
	since     timestamptz not null,
	case_id   uuid,
	voided_at timestamptz
);
create unique index suppressions_once on suppressions (lookup, scope, case_id) nulls not distinct where voided_at is null;
create index suppressions_case on suppressions (case_id) where case_id is not null;

grant select, insert on consent_ledger, suppressions to habeas_app;
grant update (voided_at) on consent_ledger, suppressions to habeas_app;

-- +goose Down
drop table suppressions, consent_ledger;
