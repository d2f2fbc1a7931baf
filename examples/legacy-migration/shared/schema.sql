begin;
-- Processes that start at once would create the same tables.
select pg_advisory_xact_lock(9);

create table if not exists users (
  id serial primary key,
  email text not null unique,
  password text not null
);

create table if not exists notes (
  id serial primary key,
  user_id int not null references users,
  title text not null,
  body text not null default '',
  tags text[] not null default '{}',
  created_at timestamptz not null default now()
);

create table if not exists files (
  id serial primary key,
  note_id int not null references notes on delete cascade,
  name text not null,
  type text not null,
  size int not null,
  path text not null
);

create table if not exists payments (
  id text primary key,
  email text not null,
  cents int not null
);

create table if not exists sessions (
  id text primary key,
  data jsonb not null,
  expires_at timestamptz not null
);

commit;
