create table households (id int primary key, street text not null);
create table contacts (
  id bigint auto_increment primary key,
  email varchar(200), phone varchar(60), name varchar(200) not null, `select` text, customer_no varchar(20) unique, notes text,
  household_id int, merged_into bigint, paper_file varchar(40),
  newsletter boolean not null default false, deleted_at datetime,
  rating decimal(6,2), tags json, extra json, born date, seen timestamp(6) null, at_local datetime, f double,
  foreign key (household_id) references households (id), foreign key (merged_into) references contacts (id)
);
create index contacts_email on contacts (email);
create table emails (email varchar(200) not null, contact_id bigint not null, confirmed boolean not null, primary key (email, contact_id),
  foreign key (contact_id) references contacts (id));
create table orders (tenant int not null, no int not null, contact_id bigint, placed date, primary key (tenant, no), foreign key (contact_id) references contacts (id));
create table order_lines (tenant int not null, no int not null, line int not null, article text, primary key (tenant, no, line),
  foreign key (tenant, no) references orders (tenant, no));
create table invoices (id char(36) character set ascii primary key, contact_id bigint, issued date, total decimal(12,2), buyer text not null);
create index invoices_contact on invoices (contact_id);
create table comments (id int primary key, contact_id bigint, author text not null, body text not null, mail varchar(60) not null unique, parent_id int,
  foreign key (contact_id) references contacts (id), foreign key (parent_id) references comments (id));
create table opportunities (id int primary key, contact_id bigint, amount int, remark text, foreign key (contact_id) references contacts (id));
create table subscriptions (id int primary key, email varchar(200) not null, contact_id bigint, purpose varchar(40) not null, status varchar(20) not null default 'on', ended datetime,
  foreign key (contact_id) references contacts (id));
create index subscriptions_email on subscriptions (email);
create table profiles (id int primary key, network varchar(40) not null, uid varchar(80) not null, handle varchar(80) not null, contact_id bigint, verified boolean not null,
  foreign key (contact_id) references contacts (id));
create index profiles_uid on profiles (network, uid);
create index profiles_handle on profiles (handle);
create table threads (id int primary key, topic text);
create table participants (thread_id int not null, profile_id int not null, primary key (thread_id, profile_id),
  foreign key (thread_id) references threads (id), foreign key (profile_id) references profiles (id));
create table messages (id int primary key, thread_id int not null, sender_id int, body text,
  foreign key (thread_id) references threads (id), foreign key (sender_id) references profiles (id));

insert into households values (1, 'Shared Lane 1'), (2, 'Lone Road 2'), (3, 'Far Away 3');
-- Anna (1) and her merged duplicate (2); Ben (3) shares her household; Cora (4) and Dan (5) share an e-mail address.
insert into contacts (id, email, phone, name, `select`, customer_no, notes, household_id, merged_into, paper_file, newsletter, rating, tags, extra, born, seen, at_local, f) values
  (1, 'Anna@Example.test', '0049 30 123-45', 'Änna "Quote" Müller', 'x', 'C-1', 'Line
of "Ben"', 1, null, 'F-17', true, 4.50, '["a", "b c"]', '{"k": [1, null]}', '1980-02-29', '2026-01-02 03:04:05.6', '2026-01-02 03:04:05', -0.5),
  (2, 'anna.old@example.test', null, 'Anna M', null, 'C-2', null, 2, 1, null, false, null, null, null, null, null, null, null),
  (3, 'ben@example.test', '+49 30 999', 'Ben', null, 'C-3', 'knows Anna', 1, null, null, true, null, null, null, null, null, null, 1.5),
  (4, 'twin@example.test', null, 'Cora', null, 'C-4', null, 3, null, null, false, null, null, null, null, null, null, null),
  (5, 'TWIN@example.test', null, 'Dan', null, 'C-5', null, 3, null, null, false, null, null, null, null, null, null, null),
  (6, 'gone@example.test', null, 'Gone', null, 'C-6', null, null, null, null, false, null, null, null, null, null, null, null);
update contacts set deleted_at = now() where id = 6;
insert into emails values ('anna@work.test', 1, true), ('anna.maybe@work.test', 1, false), ('ben@work.test', 3, true);
insert into orders values (1, 1, 1, '2020-01-01'), (1, 2, 3, '2020-01-01'), (2, 1, 2, '2021-05-05');
insert into order_lines values (1, 1, 1, 'Tent'), (1, 1, 2, 'Pegs'), (1, 2, 1, 'Boots'), (2, 1, 1, 'Map');
insert into invoices values ('00000000-0000-0000-0000-00000000000a', 1, '2025-06-30', 10.00, 'Anna'), ('00000000-0000-0000-0000-00000000000b', 1, '2010-06-30', 20.00, 'Anna'), ('00000000-0000-0000-0000-00000000000c', 3, '2025-06-30', 30.00, 'Ben');
insert into comments values (1, 1, 'Anna', 'first', 'anna@example.test', null), (2, 3, 'Ben', 'answer', 'ben@example.test', 1), (3, 2, 'Anna', 'again', 'anna.old@example.test', 2);
insert into opportunities values (1, 1, 100, 'wants a tent'), (2, 3, 200, 'wants boots');
insert into subscriptions values (1, 'anna@example.test', 1, 'news', 'on', null), (2, 'ANNA@WORK.test', null, 'ads', 'on', null), (3, 'ben@example.test', 3, 'news', 'on', null),
  (4, 'anna.maybe@work.test', null, 'news', 'on', null), (5, 'anna@example.test', 3, 'news', 'on', null), (6, 'twin@example.test', null, 'news', 'on', null);
insert into profiles values (1, 'mastodon', 'u1', 'anna', 1, true), (2, 'mastodon', 'u2', 'ben', 3, true), (3, 'bluesky', 'u9', 'claimed', null, false), (4, 'bluesky', 'u10', 'anna.b', 1, true);
insert into threads values (1, 'Anna and Ben'), (2, 'Anna alone'), (3, 'Ben alone');
insert into participants values (1, 1), (1, 2), (2, 1), (3, 2);
insert into messages values (1, 1, 1, 'hi Ben'), (2, 1, 2, 'hi Anna'), (3, 2, 1, 'hello?'), (4, 3, 2, 'mine');
