-- +goose Up
-- +goose StatementBegin
do $$
begin
	if not exists (select 1 from pg_roles where rolname = 'habeas_app') then
		create role habeas_app nologin;
	end if;
end
$$;
-- +goose StatementEnd

-- A case is one request of one person. Everything personal stands in `sealed`,
-- under the case's own key; destroying `key_wrapped` erases it for good.
create table cases (
	id            uuid primary key,
	reference     text not null unique,
	status        text not null check (status in ('filed', 'verified', 'discovering', 'review', 'executing',
	                                              'verifying', 'completed', 'closed', 'refused', 'expired', 'withdrawn')),
	flags         text[] not null default '{}',
	rights        text[] not null,
	purposes      text[] not null default '{}',
	country       text not null,
	region        text not null default '',
	law           text not null,
	holiday_set   text not null,
	zone          text not null,
	pause_policy  text not null default 'strict',
	locale        text not null default 'en',
	channel       text not null,
	result        text not null default '',
	decisions     jsonb not null default '[]',
	clock_events  jsonb not null default '[]',
	deadlines     jsonb not null default '[]',
	received_at   timestamptz not null,
	filed_at      timestamptz not null,
	due_on        date not null,
	verified_at   timestamptz,
	acted_at      timestamptz,           -- first irreversible act
	wait_until    timestamptz,           -- erasure.wait
	completed_at  timestamptz,
	closed_at     timestamptz,
	unverified_at timestamptz,           -- when the UNVERIFIED letter went out
	package_name  text not null default '',
	package_size  bigint not null default 0,
	package_sha   text not null default '',
	package_until timestamptz,
	plan_id       uuid,
	event_seq     bigint not null default 0,
	event_at      timestamptz not null default '-infinity',
	email_lookup  bytea,                 -- keyed digest of the address, for limits and duplicates
	subject_lookup bytea[] not null default '{}',
	filed_by      uuid,                  -- staff member who entered it
	key_wrapped   bytea,
	sealed        bytea
) with (fillfactor = 70);
create index cases_open_due on cases (due_on, id) where status not in ('completed', 'closed', 'refused', 'expired', 'withdrawn');
create index cases_due on cases (due_on, id);
create index cases_status_due on cases (status, due_on, id);
create index cases_flags on cases using gin (flags);
create index cases_lookup on cases using gin (subject_lookup);

create table proofs (
	id       bigint generated always as identity primary key,
	case_id  uuid not null references cases (id),
	kind     text not null,
	by_user  uuid,                       -- recorded by hand by
	at       timestamptz not null
);
create index proofs_case on proofs (case_id);

-- Codes mailed to the address claimed. One is live per case.
create table codes (
	id         bigint generated always as identity primary key,
	case_id    uuid not null references cases (id),
	mac        bytea not null,
	sent_at    timestamptz not null,
	expires_at timestamptz not null,
	tries      int not null default 0,
	dead       boolean not null default false
);
create index codes_case on codes (case_id, sent_at desc);
create table code_misses (
	email_lookup bytea not null,
	at           timestamptz not null
);
create index code_misses_email on code_misses (email_lookup, at);

-- What a customer may do with a link or a token: open a case, say "this was
-- not me", undo a withdrawal. Only the hash is kept.
create table customer_tokens (
	hash        bytea primary key,
	case_id     uuid not null references cases (id),
	kind        text not null check (kind in ('access', 'not_me', 'undo')),
	created_at  timestamptz not null,
	fresh_until timestamptz not null,
	expires_at  timestamptz not null
);
create index customer_tokens_case on customer_tokens (case_id);

create table tasks (
	id              uuid primary key,
	case_id         uuid not null references cases (id),
	system          text not null,
	stage           text not null check (stage in ('discover', 'collect', 'check', 'package', 'suppress', 'erase', 'verify', 'rescan', 'manual')),
	round           int not null default 1,
	plan_id         uuid,
	status          text not null check (status in ('waiting', 'running', 'done', 'failed', 'cancelled', 'open')),
	attempt         int not null default 0,
	attempts_failed int not null default 0,
	created_at      timestamptz not null,
	due_on          date not null,
	next_attempt_at timestamptz not null,
	dispatched_at   timestamptz,
	lease_until     timestamptz,
	worker          text not null default '',
	slot            int,                 -- which one of the system's it holds
	intent_at       timestamptz,         -- the act was announced: what is gone since is a result, not drift
	finished_at     timestamptz,
	error_code      text not null default '',
	error_text      text not null default '',
	done_count      bigint not null default 0,
	result          text not null default '',
	due_at          timestamptz,         -- manual work
	sealed_in       bytea,
	sealed_out      bytea,
	unique (case_id, stage, system, round, plan_id)
) with (fillfactor = 60);
create index tasks_runnable on tasks (system, due_on, next_attempt_at) where status = 'waiting';
create index tasks_leases on tasks (lease_until) where status = 'running';

-- What a discovery found, before it becomes a plan. Lines are sealed.
create table findings (
	task_id uuid not null references tasks (id),
	attempt int not null,
	ord     bigint not null,
	sealed  bytea not null,
	primary key (task_id, attempt, ord)
);

create table plans (
	id         uuid primary key,
	case_id    uuid not null references cases (id),
	version    int not null,
	hash       text not null,
	header     jsonb not null,
	records    bigint not null,
	counts     jsonb not null,
	undecided  int not null default 0,
	manual     jsonb not null default '[]',
	warnings   jsonb not null default '[]',
	stale      boolean not null default false,
	created_at timestamptz not null,
	sealed     bytea,                    -- every identity found on the way
	unique (case_id, version)
);

create table plan_records (
	plan_id    uuid not null references plans (id),
	ord        bigint not null,
	system     text not null,
	type       text not null,
	key_digest bytea not null,
	"right"    text not null,
	action     text not null,
	match      text not null,
	shared     int not null default 0,
	decided    boolean not null default false,
	sealed     bytea not null,           -- the record's plan line
	outcome    text not null default '',
	until      timestamptz,
	primary key (plan_id, ord)
);
create index plan_records_key on plan_records (plan_id, key_digest);
create index plan_records_system on plan_records (plan_id, system, action, ord);

create table approvals (
	plan_id   uuid not null references plans (id),
	user_id   uuid not null,
	plan_hash text not null,
	at        timestamptz not null,
	primary key (plan_id, user_id)
);

create table attachments (
	id      uuid primary key,
	case_id uuid not null references cases (id),
	task_id uuid,
	kind    text not null,
	sha256  text not null,
	size    bigint not null,
	at      timestamptz not null,
	sealed  bytea not null
);
create index attachments_case on attachments (case_id);

create table systems (
	name       text primary key,
	paused     boolean not null default false,
	paused_at  timestamptz,
	healthy    boolean,
	checked_at timestamptz,
	faults     jsonb not null default '[]'
);

-- How many tasks may act in a system at once: one row each, taken by a claim
-- and given back by its end. A slot whose lease ran out is free. No index beside
-- the key: the few rows change all the time, and so stay in their page.
create table slots (
	system      text not null,
	n           int not null,
	task_id     uuid,
	lease_until timestamptz,
	primary key (system, n)
);

create table users (
	id           uuid primary key,
	role         text not null check (role in ('dpo', 'agent', 'auditor', 'admin')),
	email_lookup bytea not null unique,
	sealed       bytea not null,         -- name and e-mail, under the system key
	password     text not null default '',
	failed       int not null default 0,
	locked_until timestamptz,
	disabled     boolean not null default false,
	created_at   timestamptz not null
);
create table tokens (
	hash       bytea primary key,
	id         uuid not null unique,
	user_id    uuid references users (id),
	service    text not null default '',
	created_at timestamptz not null,
	revoked_at timestamptz
);

create table drafts (
	hash       bytea primary key,
	sealed     bytea not null,
	expires_at timestamptz not null
);
create table idempotency (
	key        bytea primary key,        -- keyed digest of caller and key
	body       bytea not null,           -- keyed digest of method, path and body
	sealed     bytea,                    -- the first answer; null while it is being made
	expires_at timestamptz not null
);
create index idempotency_expiry on idempotency (expires_at);
create index drafts_expiry on drafts (expires_at);

grant usage on schema public to habeas_app;
grant select, insert, update on cases, codes, tasks, plans, plan_records, systems, users, tokens, drafts, idempotency, attachments, slots to habeas_app;
grant select, insert on proofs, approvals, findings, customer_tokens, code_misses to habeas_app;
grant update on customer_tokens to habeas_app;
grant delete on drafts, idempotency, code_misses, customer_tokens, findings, codes, attachments, slots to habeas_app;

-- +goose Down
drop table slots, idempotency, drafts, tokens, users, systems, attachments, approvals, plan_records, plans, findings, tasks,
	customer_tokens, code_misses, codes, proofs, cases;
