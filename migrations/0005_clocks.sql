-- +goose Up

-- The company's own holidays that a case's clock counts with, as they were when
-- it was filed: [{"date": …, "name": …}]. Its first event has the same days.
alter table cases add column holidays jsonb not null default '[]';

-- What the desk was told about a due date, once each: days before it, or -1
-- once it has passed. A date that moves is told about anew.
create table reminders (
	case_id uuid not null references cases (id),
	due_on  date not null,
	days    int  not null check (days >= -1),
	told    int  not null,               -- how many people a mail went to; 0: a later reminder stood for it
	at      timestamptz not null,
	primary key (case_id, due_on, days)
);

-- What the log says about each right of each request: a copy for counting, made
-- from events alone and made again whenever wanted.
create table figures (
	case_id     uuid not null,
	"right"     text not null,
	law         text not null,
	country     text not null,
	channel     text not null,
	received_on date not null,            -- where the controller is
	due_on      date not null,            -- of this right, as its clock stood when it was answered
	answered_on date,
	result      text not null check (result in ('open', 'complied', 'partial', 'denied', 'withdrawn', 'joined')),
	ground      text not null default '', -- of a denial
	primary key (case_id, "right")
);
create index figures_received on figures (received_on, case_id);

create table figures_cursor (
	one  boolean primary key default true check (one),
	next bigint not null                  -- first entry of the log not yet counted
);
insert into figures_cursor (next) values (0);

grant select, insert on reminders to habeas_app;
grant select, insert, update, delete on figures to habeas_app;
grant select, update on figures_cursor to habeas_app;

-- +goose Down
drop table figures_cursor;
drop table figures;
drop table reminders;
alter table cases drop column holidays;
