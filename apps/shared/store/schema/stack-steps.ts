/** Steps of the schema that stacks, their data and copies brought. */
import type { Step } from './first-steps.ts'

export const stackSteps: Step[] = [
  `
  ALTER TABLE generation ADD COLUMN stack TEXT;
  CREATE TABLE service (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    image TEXT NOT NULL,
    image_id TEXT,
    digest TEXT,
    container TEXT,
    spec TEXT,
    slot INTEGER UNIQUE,
    port INTEGER,
    label TEXT,
    crashes INTEGER NOT NULL,
    restart_at INTEGER,
    reason TEXT,
    PRIMARY KEY (repository, tag, name)
  ) STRICT;
  CREATE INDEX service_label ON service (label);
  CREATE TABLE stack_network (
    number INTEGER PRIMARY KEY,
    repository TEXT,
    tag TEXT,
    freed_at INTEGER,
    UNIQUE (repository, tag)
  ) STRICT;
  CREATE TABLE volume (
    engine TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    name TEXT NOT NULL,
    snapshot TEXT,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    image TEXT,
    bytes INTEGER,
    measured_at INTEGER,
    used_at INTEGER NOT NULL,
    keep INTEGER
  ) STRICT;
  CREATE INDEX volume_preview ON volume (repository, tag, name);
  CREATE TABLE stack_salt (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    salt TEXT NOT NULL,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  `,
  `
  -- Images of services that Lotan pulled and has not removed.
  CREATE TABLE service_image (
    id TEXT NOT NULL,
    image TEXT NOT NULL,
    digest TEXT,
    PRIMARY KEY (id, image)
  ) STRICT;
  `,
  `
  ALTER TABLE volume ADD COLUMN source TEXT;
  CREATE TABLE snapshot (
    name TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    who TEXT NOT NULL,
    address TEXT,
    digest TEXT,
    revision TEXT,
    stack TEXT,
    salt TEXT,
    published INTEGER NOT NULL,
    frozen INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX snapshot_preview ON snapshot (repository, tag);
  CREATE TABLE reset (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    snapshot TEXT,
    state TEXT NOT NULL,
    volumes TEXT,
    asked INTEGER NOT NULL,
    ended INTEGER,
    who TEXT NOT NULL,
    address TEXT,
    reason TEXT,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  `,
  'ALTER TABLE preview ADD COLUMN copy TEXT;',
  `
  CREATE TABLE copy_wish (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    of_tag TEXT NOT NULL,
    kept INTEGER NOT NULL,
    lasts INTEGER,
    asked_at INTEGER NOT NULL,
    who TEXT NOT NULL,
    address TEXT,
    request TEXT,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  `,
]
