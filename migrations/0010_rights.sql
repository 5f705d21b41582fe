-- +goose Up

-- What a person objects to (GDPR Art. 21): one row per entry of the register of processing. An objection
-- stops the use unless it is refused, which against direct marketing it cannot be.
create table objections (
	case_id   uuid not null references cases (id),
	use       text not null,                     -- name in the register
	marketing boolean not null,
	ground    text not null default '',          -- of a refusal; '' stops the use
	by_user   uuid,
	at        timestamptz not null,
	sealed    bytea,                             -- the reason of a refusal
	primary key (case_id, use)
);

grant select, insert, update on objections to habeas_app;

-- +goose Down
drop table objections;
