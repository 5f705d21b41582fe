-- +goose Up

-- What a restriction (GDPR Art. 18) stopped in the systems: one row per record, with the values before and
-- after, sealed with the case, so that lifting gives back exactly that. A row goes once it is given back.
create table restriction_stops (
	case_id    uuid not null references cases (id),
	system     text not null,
	key_digest bytea not null,
	ord        bigint not null,             -- in the order of the plan
	before     bytea not null,
	after      bytea,                       -- null: the system has not been changed, or not been read since
	primary key (case_id, system, key_digest)
);
grant select, insert, update, delete on restriction_stops to habeas_app;

alter table tasks drop constraint tasks_stage_check;
alter table tasks add constraint tasks_stage_check
	check (stage in ('discover', 'collect', 'check', 'package', 'suppress', 'erase', 'verify', 'rescan', 'manual', 'resume'));

-- +goose Down
alter table tasks drop constraint tasks_stage_check;
delete from tasks where stage = 'resume';
alter table tasks add constraint tasks_stage_check
	check (stage in ('discover', 'collect', 'check', 'package', 'suppress', 'erase', 'verify', 'rescan', 'manual'));
drop table restriction_stops;
