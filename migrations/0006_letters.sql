-- +goose Up

-- What a person wrote into the free slots of a letter. Where letter_id is null, the next letter of that
-- kind in the case takes the words.
create table letter_words (
	id        uuid primary key,
	case_id   uuid not null references cases (id),
	kind      text not null,
	digest    text not null,             -- keyed, as letter.edited has it
	by_user   text not null,
	at        timestamptz not null,
	letter_id uuid,
	sealed    bytea not null
);
create index letter_words_waiting on letter_words (case_id, kind, at) where letter_id is null;

-- A decision and its letters as a person previewed them, until it is sent or a day has passed.
create table letter_drafts (
	id      uuid primary key,
	case_id uuid not null references cases (id),
	by_user text not null,
	made_at timestamptz not null,
	sealed  bytea not null
);
create index letter_drafts_old on letter_drafts (made_at);

-- A letter to somebody without an e-mail address is printed and posted by the desk.
alter table outbox drop constraint outbox_status_check;
alter table outbox add constraint outbox_status_check check (status in ('due', 'sent', 'failed', 'paper'));

grant select, insert, update, delete on letter_words to habeas_app;
grant select, insert, update, delete on letter_drafts to habeas_app;

-- +goose Down
update outbox set status = 'failed' where status = 'paper';
alter table outbox drop constraint outbox_status_check;
alter table outbox add constraint outbox_status_check check (status in ('due', 'sent', 'failed'));
drop table letter_drafts, letter_words;
