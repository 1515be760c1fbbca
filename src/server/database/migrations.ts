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
  {
    number: 2,
    name: 'workers on many machines',
    sql: `
alter table mesoscope.server
  add column seen_at timestamptz not null default now(),
  add column name text not null default '',
  add column slots int not null default 0;

-- Whose turn comes next: see turns.ts.
create table mesoscope.client (
  name text not null,
  priority smallint not null,
  turn bigint not null,
  primary key (name, priority)
);

alter table mesoscope.clip
  add column client text not null default '',
  add column priority smallint not null default 0,
  add column turn bigint not null default 0,
  -- Of the detector's file, as it was when the clip was sent.
  add column detector_sha256 text,
  -- File, detector and settings in one hash: see result-key.ts. Null before the clip is fetched.
  add column key text,
  -- Tries that a lost connection ended, and when the next one may begin.
  add column lost int not null default 0,
  add column not_before timestamptz;
create index clip_turn on mesoscope.clip (priority desc, turn) where status = 'queued';
create index clip_key on mesoscope.clip (key) where key is not null and status in ('running', 'done');
create index clip_server on mesoscope.clip (server) where server is not null;

alter table mesoscope.upload
  add column client text not null default '',
  add column priority smallint not null default 0;

create index media_sha256 on mesoscope.media (sha256);
`,
  },
  {
    number: 3,
    name: 'traces',
    sql: `
alter table mesoscope.clip
  -- W3C traceparent of its acceptance, which the spans of whoever works at it are part of.
  add column trace text,
  -- Since when it waits in the queue that it is in, or did.
  add column waits_since timestamptz not null default now();
update mesoscope.clip set waits_since = created_at;
`,
  },
  {
    number: 4,
    name: 'pieces of data sets and sweeps',
    sql: `
alter table mesoscope.server
  -- What it takes, as mesoscope worker --kinds names it.
  add column kinds text[] not null default '{scan}';

-- Each queue has turns of its own.
alter table mesoscope.client
  add column queue text not null default 'analyse',
  drop constraint client_pkey,
  add primary key (queue, name, priority);

create table mesoscope.task (
  id uuid primary key,
  number bigint generated always as identity unique,
  kind text not null check (kind in ('prepare', 'train')),
  -- All that its result depends on, in one hash: one result a key.
  key text not null unique,
  -- For people.
  name text not null,
  client text not null,
  priority smallint not null,
  turn bigint not null,
  status text not null check (status in ('queued', 'running', 'done', 'failed')),
  job uuid,
  server int,
  attempts int not null default 0,
  lost int not null default 0,
  not_before timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- Not jsonb: the order of keys becomes the order in what is made.
  payload json not null,
  progress jsonb,
  result jsonb,
  error jsonb
);
create index task_turn on mesoscope.task (kind, priority desc, turn) where status = 'queued';
create index task_server on mesoscope.task (server) where server is not null;

-- The files that a task reads, held for as long as it has not ended.
create table mesoscope.task_media (
  task uuid not null references mesoscope.task (id) on delete cascade,
  media uuid not null references mesoscope.media (id),
  primary key (task, media)
);
create index task_media_media on mesoscope.task_media (media);
`,
  },
  {
    number: 5,
    name: 'checkpoints of tasks',
    sql: `
alter table mesoscope.task
  -- What another try can go on from: attempt, step, and the file's bytes and hash.
  add column checkpoint jsonb;
-- Those that have ended are removed by age.
create index task_finished on mesoscope.task (finished_at) where finished_at is not null;
`,
  },
];
