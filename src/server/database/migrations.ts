/**
 * The database's shape, step by step. A step that was released is never changed: a new one follows it.
 * SQL stands in the module, and not in files beside it, so that the build carries it.
 */
export interface Migration {
  number: number;
  name: string;
  sql: string;
}

export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'clips',
    sql: `
create sequence mesoscope.change;

create table mesoscope.setting (
  name text primary key,
  value text not null
);

create table mesoscope.server (
  key int generated always as identity primary key,
  started_at timestamptz not null default now()
);

create table mesoscope.media (
  id uuid primary key,
  sha256 text not null,
  bytes bigint not null,
  media_type text not null,
  created_at timestamptz not null default now()
);

create table mesoscope.clip (
  id uuid primary key,
  number bigint generated always as identity unique,
  media uuid references mesoscope.media (id),
  name text not null,
  url text,
  detector text not null,
  sample text not null,
  status text not null
    check (status in ('fetching', 'queued', 'running', 'done', 'failed', 'cancelled')),
  job uuid,
  server int,
  attempts int not null default 0,
  changed bigint not null default nextval('mesoscope.change'),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  progress jsonb,
  verdict text,
  score double precision,
  interval_low double precision,
  interval_high double precision,
  duration_seconds double precision,
  error jsonb,
  document jsonb,
  check (media is not null or status in ('fetching', 'failed', 'cancelled'))
);
create index clip_changed on mesoscope.clip (changed);
create index clip_media on mesoscope.clip (media);
create index clip_status on mesoscope.clip (status) where status in ('fetching', 'queued', 'running');

create table mesoscope.upload (
  id uuid primary key,
  length bigint not null,
  name text not null,
  detector text not null,
  sample text not null,
  created_at timestamptz not null default now(),
  clip uuid
);
`,
  },
];
