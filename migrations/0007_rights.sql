-- +goose Up

-- Browsers that sent the Global Privacy Control signal (11 CCR 7025). A browser is a random pseudonym
-- in a cookie of its own; only a keyed digest of it stands here.
create table signals (
	device bytea primary key,
	since  timestamptz not null,
	source text not null                  -- portal, or the company's own site that passed it on
);

-- Persons who proved their address in such a browser: the signal counts for them as well.
create table signal_links (
	device  bytea not null references signals (device),
	person  bytea not null,               -- keyed digest of the address
	case_id uuid not null references cases (id),
	at      timestamptz not null,
	primary key (device, person)
);

-- What the desk makes of a request to rectify: one field of one record, with the value asked for.
create table corrections (
	id         uuid primary key,
	case_id    uuid not null references cases (id),
	system     text not null,
	type       text not null,
	key_digest bytea not null,
	field      text not null,
	decision   text not null check (decision in ('correct', 'refuse')),
	ground     text not null default '',
	by_user    uuid,
	at         timestamptz not null,
	sealed     bytea not null,            -- key, value before, value asked for, reason
	unique (case_id, system, type, key_digest, field)
);

-- Recipients who have to be told (GDPR Art. 19; Cal. Civ. Code 1798.105(c)): one row per case, recipient
-- and right. A case does not close while one has neither proof of delivery nor a reason.
create table notices (
	id         uuid primary key,
	case_id    uuid not null references cases (id),
	recipient  text not null,             -- name in the register
	"right"    text not null,
	way        text not null check (way in ('mail', 'manual')),
	status     text not null check (status in ('open', 'sent', 'delivered', 'acknowledged', 'excused', 'failed')),
	outbox_id  uuid,
	made_at    timestamptz not null,
	done_at    timestamptz,
	ground     text not null default '',  -- impossible or disproportionate
	by_user    uuid,
	sealed     bytea,                     -- how it was delivered, or why it was not
	unique (case_id, recipient, "right")
);
create index notices_open on notices (case_id) where status in ('open', 'sent', 'failed');
create index notices_outbox on notices (outbox_id) where outbox_id is not null;

-- Restrictions in force (GDPR Art. 18): what they cover is stored and nothing else, until they are
-- lifted, of which the person is told before.
create table restrictions (
	case_id   uuid primary key references cases (id),
	ground    text not null,
	since     timestamptz not null,
	warned_at timestamptz,
	lift_on   date,
	lifted_at timestamptz,
	by_user   uuid
);
create index restrictions_due on restrictions (lift_on) where lifted_at is null and lift_on is not null;

grant select, insert on signals, signal_links to habeas_app;
grant select, insert, update, delete on corrections to habeas_app;
grant select, insert, update on notices, restrictions to habeas_app;

-- +goose Down
drop table restrictions, notices, corrections, signal_links, signals;
