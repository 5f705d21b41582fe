-- +goose Up

-- Letters, written in the transaction that decides them and delivered afterwards, at least once.
-- `sealed` is the letter as sent (address, subject, text, HTML) under its case's key; it stays until
-- that key is destroyed. Letters of no case name the case 00000000-0000-0000-0000-000000000000.
create table outbox (
	id          uuid primary key,
	case_id     uuid not null,
	kind        text not null,
	locale      text not null,
	version     text not null default '',  -- of the letter's wording
	digest      text not null,             -- keyed digest of the sealed letter, as letter.sent has it
	status      text not null default 'due' check (status in ('due', 'sent', 'failed')),
	attempts    int not null default 0,
	created_at  timestamptz not null default clock_timestamp(),
	next_at     timestamptz not null default '-infinity',
	lease_until timestamptz not null default '-infinity',
	message_id  text not null default '',  -- set by the first attempt, the same in every later one
	accepted_at timestamptz,               -- taken by the server while the mark failed: never sent again
	sent_at     timestamptz,
	code        int not null default 0,    -- last SMTP reply code that was not a success
	sealed      bytea                      -- null once the case's key is destroyed
);
create index outbox_due on outbox (next_at, id) where status = 'due';
create index outbox_case on outbox (case_id, created_at);

grant select, insert, update on outbox to habeas_app;

-- +goose Down
drop table outbox;
