-- +goose Up

-- One row per event; line is the exact leaf of the log (RFC 8785 JSON).
create table events (
	id      bigint generated always as identity primary key,
	case_id uuid        not null,
	seq     bigint      not null check (seq > 0),
	kind    text        not null,
	at      timestamptz not null,
	line    text        not null,
	unique (case_id, seq)
);

-- What the integrator has not numbered yet. No foreign key: it would lock and
-- look up the event that the same statement just wrote.
create table events_pending (
	event_id bigint primary key
);

-- The number of every event in the log, from 0. No foreign key here either:
-- the integrator has just read the event, and events cannot be deleted.
create table leaves (
	index    bigint primary key check (index >= 0),
	event_id bigint not null unique
);

-- C2SP tlog-tiles of height 8; the last one of a level may be partial and
-- grows at its end. A full tile (8 KiB) does not fit a row's page unless it is
-- stored outside of it.
create table tiles (
	level smallint not null check (level between 0 and 7),
	n     bigint   not null check (n >= 0),
	data  bytea    not null check (length(data) between 32 and 8192 and length(data) % 32 = 0),
	primary key (level, n)
);
alter table tiles alter column data set storage external;

-- Signed tree heads. Only published ones are served under /log.
create table checkpoints (
	size         bigint primary key check (size >= 0),
	root         bytea       not null check (length(root) = 32),
	note         text        not null,
	at           timestamptz not null default now(),
	published_at timestamptz
);
create index checkpoints_published on checkpoints (size) where published_at is not null;
create index checkpoints_unpublished on checkpoints (size) where published_at is null;

-- Public keys of the log, for processes that do not sign; the newest is in use.
create table log_keys (
	vkey  text primary key,
	since timestamptz not null
);

-- Manifests of evidence reports: asked for by the portal, signed by the worker,
-- which alone holds the log's key.
create table manifests (
	id           bigint generated always as identity primary key,
	case_id      uuid        not null,
	sha256       text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
	requested_at timestamptz not null default now(),
	signature    text,
	signed_at    timestamptz
);
create index manifests_unsigned on manifests (id) where signature is null;

-- The last number of the system's own stream of events.
create table event_stream (
	one boolean primary key default true check (one),
	seq bigint not null
);
insert into event_stream (seq) values (0);

-- One line per record acted on, in parts of about 1 MB. Only the attempt that
-- a record.* event names counts.
create table receipts (
	case_id uuid  not null,
	task_id text  not null,
	kind    text  not null,
	attempt bigint not null,
	part    integer not null,
	body    bytea not null,
	primary key (task_id, kind, attempt, part)
);
create index receipts_case on receipts (case_id);

-- +goose StatementBegin
create function evidence_append_only() returns trigger language plpgsql as $$
begin
	raise exception '% is append only: % refused', tg_table_name, lower(tg_op)
		using errcode = 'integrity_constraint_violation';
end $$;
-- +goose StatementEnd

create trigger events_append_only before update or delete or truncate on events
	for each statement execute function evidence_append_only();
create trigger leaves_append_only before update or delete or truncate on leaves
	for each statement execute function evidence_append_only();
create trigger checkpoints_append_only before truncate on checkpoints
	for each statement execute function evidence_append_only();

-- A published checkpoint may be in anybody's hands: it stays.
create trigger checkpoints_published_stay before delete on checkpoints
	for each row when (old.published_at is not null) execute function evidence_append_only();
create trigger checkpoints_heads_stay before update on checkpoints
	for each row when (new.size <> old.size or new.root <> old.root
		or old.published_at is not null and new.published_at is distinct from old.published_at)
	execute function evidence_append_only();

grant select, insert on events, leaves to habeas_app;
grant select, insert, delete on events_pending, receipts to habeas_app;
grant select, insert, update on tiles to habeas_app;
-- Checkpoints that were never published make room for newer ones.
grant select, insert, delete, update (note, published_at) on checkpoints to habeas_app;
grant select, insert, update (since) on log_keys to habeas_app;
grant select, insert, update (signature, signed_at) on manifests to habeas_app;
grant select, update (seq) on event_stream to habeas_app;

-- +goose Down

drop table receipts, event_stream, manifests, log_keys, checkpoints, tiles, leaves, events_pending, events;
drop function evidence_append_only();
