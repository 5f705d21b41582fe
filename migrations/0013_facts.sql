-- +goose Up

-- What a person says of themselves to prove who asks (11 CCR 7062). What was typed waits sealed in the tasks
-- of the stage match and goes with them; here stays which facts agreed, by name and without values, and the
-- declaration under penalty of perjury, sealed with the case.
create table identity_facts (
	case_id     uuid primary key references cases (id),
	round       int not null default 0,      -- comparisons so far; the first is of the name given when filing
	given_at    timestamptz,                 -- when the person last gave some
	agreed      text[] not null default '{}',
	declared_at timestamptz,
	declaration bytea
);
grant select, insert, update, delete on identity_facts to habeas_app;

alter table identity_doubts drop constraint identity_doubts_reason_check;
alter table identity_doubts add constraint identity_doubts_reason_check
	check (reason in ('several_people', 'address_changed', 'facts_short'));

alter table tasks drop constraint tasks_stage_check;
alter table tasks add constraint tasks_stage_check
	check (stage in ('discover', 'collect', 'check', 'package', 'suppress', 'erase', 'verify', 'rescan', 'manual', 'resume', 'match'));

-- +goose Down
alter table tasks drop constraint tasks_stage_check;
delete from tasks where stage = 'match';
alter table tasks add constraint tasks_stage_check
	check (stage in ('discover', 'collect', 'check', 'package', 'suppress', 'erase', 'verify', 'rescan', 'manual', 'resume'));
delete from identity_doubts where reason = 'facts_short';
alter table identity_doubts drop constraint identity_doubts_reason_check;
alter table identity_doubts add constraint identity_doubts_reason_check
	check (reason in ('several_people', 'address_changed'));
drop table identity_facts;
