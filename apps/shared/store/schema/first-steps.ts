/** Steps 1 to 9 of the schema, from before a preview had a repository. They have shipped: never change one. */
import type { Database } from 'better-sqlite3'
import { bringNoticesForward } from './old-notices.ts'

export type Step = string | ((db: Database) => void)

export const firstSteps: Step[] = [
  `
  CREATE TABLE preview (
    tag TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    change INTEGER NOT NULL,
    last_seen INTEGER,
    image TEXT,
    generations INTEGER NOT NULL,
    stages TEXT NOT NULL,
    took TEXT NOT NULL,
    crashes INTEGER NOT NULL,
    notice TEXT,
    reason TEXT,
    retry_at INTEGER,
    why TEXT,
    asked_by TEXT,
    not_before INTEGER,
    draining INTEGER,
    then_start INTEGER,
    ready_at INTEGER,
    progress TEXT
  ) STRICT;
  CREATE INDEX preview_label ON preview (label);
  CREATE INDEX preview_state ON preview (state, since);

  CREATE TABLE generation (
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    container TEXT,
    slot INTEGER UNIQUE,
    image TEXT NOT NULL,
    digest TEXT,
    port INTEGER NOT NULL,
    PRIMARY KEY (tag, number)
  ) STRICT;

  -- Slots that were given back, and when: they rest before they are given out again, over restarts too.
  CREATE TABLE resting_slot (
    slot INTEGER PRIMARY KEY,
    freed_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    was TEXT NOT NULL,
    state TEXT NOT NULL,
    event TEXT NOT NULL,
    generation INTEGER,
    detail TEXT
  ) STRICT;
  CREATE INDEX history_tag ON history (tag, id);

  -- Tags the registry said it does not have, for a short while.
  CREATE TABLE missing (
    tag TEXT PRIMARY KEY,
    until INTEGER NOT NULL
  ) STRICT;

  -- Tags the registry offers.
  CREATE TABLE offered (
    tag TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    digest TEXT
  ) STRICT;
  CREATE INDEX offered_label ON offered (label);

  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- A newer generation comes up beside the one that serves, and the older one leaves after it.
  ALTER TABLE generation ADD COLUMN role TEXT NOT NULL DEFAULT 'serving';
  ALTER TABLE generation ADD COLUMN since INTEGER;
  ALTER TABLE preview ADD COLUMN unfit TEXT;
  `,
  `
  -- Images that Lotan pulled and has not removed: a tag that is pushed again leaves its old one without a name.
  CREATE TABLE pulled (
    id TEXT NOT NULL,
    tag TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tag, id)
  ) STRICT;
  `,
  `
  -- Whether a tag has had its turn to be pulled before anybody asks for it.
  ALTER TABLE offered ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;

  -- Images that were pulled before they were written down.
  INSERT OR IGNORE INTO pulled (id, tag, repository, digest)
  SELECT image ->> 'id', tag, value, image ->> 'digest'
  FROM preview JOIN meta ON key = 'repository'
  WHERE image ->> 'pulled' AND image ->> 'digest' IS NOT NULL;
  `,
  `
  -- What is asked for, or known, to be newer than a preview's image.
  ALTER TABLE preview ADD COLUMN newer TEXT;
  ALTER TABLE preview ADD COLUMN refreshes INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Streams and WebSockets that are open to previews, and those that were when their preview went (\`resting\`).
  CREATE TABLE stream (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tag TEXT NOT NULL,
    client TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    open INTEGER NOT NULL DEFAULT 1,
    resting INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX stream_tag ON stream (tag, client);
  `,
  `
  -- The digest at which an offered tag was found to be nothing that can run here; and whether it is no image at all.
  ALTER TABLE offered ADD COLUMN unfit TEXT;
  ALTER TABLE offered ADD COLUMN artifact INTEGER NOT NULL DEFAULT 0;
  `,
  // `notice` was words in one text; it is a list of facts now, as JSON.
  bringNoticesForward,
  `
  ALTER TABLE preview RENAME COLUMN notice TO notices;
  ALTER TABLE preview RENAME COLUMN unfit TO rejected_image;
  ALTER TABLE preview RENAME COLUMN newer TO image_update;
  UPDATE preview
  SET image_update = json_remove(json_set(image_update, '$.failure', json(image_update -> '$.trouble')), '$.trouble')
  WHERE image_update IS NOT NULL;
  UPDATE generation SET role = CASE role WHEN 'coming' THEN 'pending' ELSE 'retiring' END WHERE role <> 'serving';
  `,
]
