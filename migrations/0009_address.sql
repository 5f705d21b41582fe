-- +goose Up

-- Why the proof at hand does not say who is asking: the address leads to several people, or changed in a
-- system days before the request. Nothing is approved while one is open. How many people, and on which
-- day, is sealed under the case's key.
create table identity_doubts (
	case_id    uuid not null references cases (id),
	reason     text not null check (reason in ('several_people', 'address_changed')),
	system     text not null,
	noted_at   timestamptz not null,
	settled_at timestamptz,
	settled_by uuid,
	sealed     bytea not null,
	primary key (case_id, reason, system)
);

grant select, insert, update, delete on identity_doubts to habeas_app;

-- +goose Down
drop table identity_doubts;
