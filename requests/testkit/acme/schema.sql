-- Acme Outdoor: the customer database (schema crm) and the social records
-- linked to it (schema social). A shop's real tables: nothing in them was made
-- for Habeas.

create schema crm;
create schema social;

create table crm.households (
  id         bigint primary key,
  name       text not null,
  created_at timestamptz not null
);

create table crm.companies (
  id          bigint primary key,
  name        text not null,
  domain      text unique,
  street      text not null,
  postal_code text not null,
  city        text not null,
  country     char(2) not null,
  vat_id      text,
  created_at  timestamptz not null
);

create table crm.contacts (
  id               bigint primary key,
  customer_id      text not null unique,
  given_name       text not null,
  family_name      text not null,
  email            text,
  phone            text,
  birth_date       date,
  locale           text not null,
  job_title        text,
  household_id     bigint references crm.households (id),
  company_id       bigint references crm.companies (id),
  merged_into      bigint references crm.contacts (id),
  paper_file       text,
  source           text not null,
  email_changed_at timestamptz,
  created_at       timestamptz not null,
  updated_at       timestamptz not null
);
create index contacts_email on crm.contacts (lower(email));
create index contacts_phone on crm.contacts (phone);
create index contacts_household on crm.contacts (household_id);
create index contacts_company on crm.contacts (company_id);
create index contacts_merged on crm.contacts (merged_into);

create table crm.addresses (
  id          bigint primary key,
  street      text not null,
  postal_code text not null,
  city        text not null,
  country     char(2) not null
);

create table crm.contact_addresses (
  contact_id bigint not null references crm.contacts (id),
  address_id bigint not null references crm.addresses (id),
  kind       text not null check (kind in ('home', 'billing', 'delivery')),
  since      date not null,
  primary key (contact_id, address_id, kind)
);
create index contact_addresses_address on crm.contact_addresses (address_id);

create table crm.opportunities (
  id         bigint primary key,
  contact_id bigint references crm.contacts (id),
  company_id bigint references crm.companies (id),
  title      text not null,
  stage      text not null,
  amount     numeric(12,2) not null,
  currency   char(3) not null,
  remarks    text,
  created_at timestamptz not null,
  closed_at  timestamptz
);
create index opportunities_contact on crm.opportunities (contact_id);
create index opportunities_company on crm.opportunities (company_id);

create table crm.activities (
  id         bigint primary key,
  contact_id bigint not null references crm.contacts (id),
  kind       text not null check (kind in ('call', 'visit', 'e-mail', 'web')),
  subject    text not null,
  detail     text,
  staff      text not null,
  at         timestamptz not null
);
create index activities_contact on crm.activities (contact_id);

create table crm.notes (
  id         bigint primary key,
  contact_id bigint not null references crm.contacts (id),
  body       text not null,
  staff      text not null,
  created_at timestamptz not null
);
create index notes_contact on crm.notes (contact_id);

create table crm.tickets (
  id         bigint primary key,
  number     text not null unique,
  contact_id bigint not null references crm.contacts (id),
  subject    text not null,
  status     text not null check (status in ('open', 'waiting', 'solved')),
  channel    text not null,
  opened_at  timestamptz not null,
  closed_at  timestamptz
);
create index tickets_contact on crm.tickets (contact_id);

create table crm.ticket_messages (
  id         bigint primary key,
  ticket_id  bigint not null references crm.tickets (id),
  from_email text,
  from_staff text,
  body       text not null,
  sent_at    timestamptz not null
);
create index ticket_messages_ticket on crm.ticket_messages (ticket_id);
create index ticket_messages_from on crm.ticket_messages (lower(from_email));

-- Bookkeeping knows customers by their number only: what must be kept for the
-- tax office does not hang on the contact.
create table crm.orders (
  id          bigint primary key,
  number      text not null unique,
  customer_no text not null,
  placed_on   date not null,
  status      text not null check (status in ('shipped', 'delivered', 'returned')),
  total       numeric(12,2) not null,
  currency    char(3) not null,
  ship_name   text not null,
  ship_to     text not null
);
create index orders_customer on crm.orders (customer_no);

create table crm.order_lines (
  order_id   bigint not null references crm.orders (id),
  line       integer not null,
  sku        text not null,
  title      text not null,
  quantity   integer not null,
  unit_price numeric(12,2) not null,
  shipped_on date not null,
  primary key (order_id, line)
);

create table crm.invoices (
  id         bigint primary key,
  number     text not null unique,
  order_id   bigint not null references crm.orders (id),
  customer_no text not null,
  issued_on  date not null,
  net        numeric(12,2) not null,
  tax        numeric(12,2) not null,
  gross      numeric(12,2) not null,
  currency   char(3) not null,
  bill_name  text not null,
  bill_to    text not null,
  bill_email text,
  paid_on    date
);
create index invoices_order on crm.invoices (order_id);
create index invoices_customer on crm.invoices (customer_no);

create table crm.newsletter_subscriptions (
  id              bigint primary key,
  email           text not null,
  contact_id      bigint references crm.contacts (id),
  list            text not null,
  status          text not null check (status in ('subscribed', 'unsubscribed', 'suppressed')),
  source          text not null,
  subscribed_at   timestamptz not null,
  confirmed_at    timestamptz,
  unsubscribed_at timestamptz,
  unique (email, list)
);
create index newsletter_email on crm.newsletter_subscriptions (lower(email));
create index newsletter_contact on crm.newsletter_subscriptions (contact_id);

create table crm.consents (
  id           bigint primary key,
  contact_id   bigint not null references crm.contacts (id),
  purpose      text not null,
  status       text not null check (status in ('given', 'withdrawn')),
  wording      text not null,
  source       text not null,
  given_at     timestamptz not null,
  withdrawn_at timestamptz,
  unique (contact_id, purpose)
);

create table crm.social_links (
  id           bigint primary key,
  contact_id   bigint not null references crm.contacts (id),
  network      text not null,
  handle       text not null,
  platform_uid text,
  proof        text not null check (proof in ('sign-in', 'code', 'claimed')),
  proved_at    timestamptz,
  created_at   timestamptz not null,
  check ((proof = 'claimed') = (proved_at is null))
);
create index social_links_contact on crm.social_links (contact_id);
create index social_links_handle on crm.social_links (network, lower(handle));
create index social_links_uid on crm.social_links (network, platform_uid);

create table social.profiles (
  id           bigint primary key,
  network      text not null,
  platform_uid text not null,
  handle       text not null,
  display_name text not null,
  bio          text,
  followers    integer not null,
  first_seen   timestamptz not null,
  last_seen    timestamptz not null,
  unique (network, platform_uid)
);
create index profiles_handle on social.profiles (network, lower(handle));

create table social.dm_threads (
  id         bigint primary key,
  network    text not null,
  topic      text,
  started_at timestamptz not null
);

create table social.dm_participants (
  thread_id  bigint not null references social.dm_threads (id),
  profile_id bigint not null references social.profiles (id),
  joined_at  timestamptz not null,
  primary key (thread_id, profile_id)
);
create index dm_participants_profile on social.dm_participants (profile_id);

-- A message without a sender was written by Acme's own account.
create table social.dm_messages (
  id                bigint primary key,
  thread_id         bigint not null references social.dm_threads (id),
  sender_profile_id bigint references social.profiles (id),
  body              text not null,
  sent_at           timestamptz not null
);
create index dm_messages_thread on social.dm_messages (thread_id);
create index dm_messages_sender on social.dm_messages (sender_profile_id);

create table social.mentions (
  id         bigint primary key,
  profile_id bigint not null references social.profiles (id),
  network    text not null,
  post_ref   text not null,
  body       text not null,
  sentiment  smallint,
  posted_at  timestamptz not null
);
create index mentions_profile on social.mentions (profile_id);

create table social.posts (
  id        bigint primary key,
  network   text not null,
  title     text not null,
  posted_at timestamptz not null
);

create table social.comments (
  id         bigint primary key,
  post_id    bigint not null references social.posts (id),
  profile_id bigint references social.profiles (id),
  body       text not null,
  hidden     boolean not null default false,
  posted_at  timestamptz not null
);
create index comments_profile on social.comments (profile_id);
create index comments_post on social.comments (post_id);

create table social.ad_audiences (
  id         bigint primary key,
  network    text not null,
  name       text not null,
  purpose    text not null,
  created_at timestamptz not null
);

-- The networks take members by the SHA-256 of the e-mail address in lower case
-- and never give them back; this table is Acme's own list of what it sent.
create table social.audience_members (
  audience_id     bigint not null references social.ad_audiences (id),
  email_sha256    char(64) not null,
  crm_customer_id text not null,
  status          text not null check (status in ('active', 'suppressed')),
  added_at        timestamptz not null,
  removed_at      timestamptz,
  primary key (audience_id, email_sha256)
);
create index audience_members_email on social.audience_members (email_sha256);
create index audience_members_customer on social.audience_members (crm_customer_id);

create table social.lead_forms (
  id      bigint primary key,
  network text not null,
  title   text not null
);

create table social.lead_submissions (
  id                uuid primary key,
  form_id           bigint not null references social.lead_forms (id),
  profile_id        bigint references social.profiles (id),
  email             text not null,
  phone             text,
  full_name         text not null,
  answers           jsonb not null,
  marketing_consent boolean not null,
  submitted_at      timestamptz not null
);
create index lead_submissions_email on social.lead_submissions (lower(email));
create index lead_submissions_phone on social.lead_submissions (phone);
create index lead_submissions_profile on social.lead_submissions (profile_id);
