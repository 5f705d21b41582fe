-- +goose Up

-- What must not be destroyed for now: a person's data, a system's, or single records. A person stands
-- here as keyed digests of identities, a record as a keyed digest of system, type and key, so that later
-- cases are found and nobody is named.
create table holds (
	id          uuid primary key,
	scope       text not null check (scope in ('person', 'system', 'records')),
	system      text not null default '',
	ground      text not null check (ground in ('litigation', 'retention_duty', 'person_at_risk')),
	cite        text not null default '',
	owner       uuid not null,              -- who answers for it
	review_on   date not null,
	set_by      uuid not null,
	set_at      timestamptz not null,
	lifted_by   uuid,
	lifted_at   timestamptz,
	lookups     bytea[] not null default '{}',
	sealed      bytea not null              -- reason, under the system key
);
create index holds_open on holds (review_on, id) where lifted_at is null;
create index holds_lookup on holds using gin (lookups) where lifted_at is null;

-- Which cases keep records back because of a hold.
create table hold_cases (
	hold_id uuid not null references holds (id),
	case_id uuid not null references cases (id),
	at      timestamptz not null,
	primary key (hold_id, case_id)
);
create index hold_cases_case on hold_cases (case_id);

-- Everything that leads to the person, as keyed digests, and the holds weighed for this plan: before a
-- system erases, every other hold is weighed as well.
alter table plans add column lookups bytea[] not null default '{}';
alter table plans add column holds uuid[] not null default '{}';

-- An appeal or complaint is a case of its own, linked to the one it is about; so is the request that is
-- carried out again once it was upheld. A duplicate names the request that it was joined to.
alter table cases add column kind text not null default 'request' check (kind in ('request', 'appeal', 'complaint'));
alter table cases add column of_case uuid references cases (id);
alter table cases add column joined_into uuid references cases (id);
alter table cases add column recourse_until date;          -- what was answered stays provable until then
alter table cases add column retain_until date;            -- then its key is destroyed
create index cases_of on cases (of_case) where of_case is not null;
create index cases_joined on cases (joined_into) where joined_into is not null;
create index cases_email on cases (email_lookup) where email_lookup is not null;
create index cases_retention on cases (retain_until, id) where key_wrapped is not null and retain_until is not null;

-- Links in letters by which a person cancels an erasure that waits, and confirms or stops somebody who
-- asks on the person's behalf.
alter table customer_tokens drop constraint customer_tokens_kind_check;
alter table customer_tokens add constraint customer_tokens_kind_check check (kind in ('access', 'not_me', 'undo', 'cancel', 'confirm'));

grant select, insert, update on holds, hold_cases to habeas_app;

-- +goose Down
alter table customer_tokens drop constraint customer_tokens_kind_check;
delete from customer_tokens where kind in ('cancel', 'confirm');
alter table customer_tokens add constraint customer_tokens_kind_check check (kind in ('access', 'not_me', 'undo'));
alter table cases drop column retain_until, drop column recourse_until, drop column joined_into, drop column of_case, drop column kind;
alter table plans drop column holds, drop column lookups;
drop table hold_cases, holds;
