/** The schema, as the steps that led to it. A step is never changed once it has shipped; a new one is added below. */
import type { Database } from 'better-sqlite3'
import { firstSteps, type Step } from './first-steps.ts'
import { pullRequestSteps } from './pull-request-steps.ts'
import { shellSteps } from './shell-steps.ts'
import { stackSteps } from './stack-steps.ts'

const steps: Step[] = [
  ...firstSteps,
  `
  -- A preview is a tag of a repository. Today's is the nameless one, ''. SQLite changes a key only by a new table.
  CREATE TABLE new_preview (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
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
    notices TEXT,
    reason TEXT,
    retry_at INTEGER,
    why TEXT,
    asked_by TEXT,
    not_before INTEGER,
    draining INTEGER,
    then_start INTEGER,
    ready_at INTEGER,
    progress TEXT,
    rejected_image TEXT,
    image_update TEXT,
    refreshes INTEGER NOT NULL,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  INSERT INTO new_preview
  SELECT '', tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notices, reason,
    retry_at, why, asked_by, not_before, draining, then_start, ready_at, progress, rejected_image, image_update, refreshes
  FROM preview;
  DROP TABLE preview;
  ALTER TABLE new_preview RENAME TO preview;
  CREATE INDEX preview_label ON preview (label);
  CREATE INDEX preview_state ON preview (state, since);

  CREATE TABLE new_generation (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    role TEXT NOT NULL,
    container TEXT,
    slot INTEGER UNIQUE,
    image TEXT NOT NULL,
    digest TEXT,
    port INTEGER NOT NULL,
    since INTEGER,
    PRIMARY KEY (repository, tag, number)
  ) STRICT;
  INSERT INTO new_generation
  SELECT '', tag, number, role, container, slot, image, digest, port, since FROM generation;
  DROP TABLE generation;
  ALTER TABLE new_generation RENAME TO generation;

  ALTER TABLE history ADD COLUMN repository TEXT NOT NULL DEFAULT '';
  DROP INDEX history_tag;
  CREATE INDEX history_preview ON history (repository, tag, id);

  ALTER TABLE stream ADD COLUMN repository TEXT NOT NULL DEFAULT '';
  DROP INDEX stream_tag;
  CREATE INDEX stream_preview ON stream (repository, tag, client);

  CREATE TABLE new_missing (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  INSERT INTO new_missing SELECT '', tag, until FROM missing;
  DROP TABLE missing;
  ALTER TABLE new_missing RENAME TO missing;

  -- In the order in which they were shown: it tells which is the newest.
  CREATE TABLE new_offered (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    label TEXT NOT NULL,
    digest TEXT,
    ahead INTEGER NOT NULL DEFAULT 0,
    unfit TEXT,
    artifact INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  INSERT INTO new_offered SELECT '', tag, label, digest, ahead, unfit, artifact FROM offered ORDER BY rowid;
  DROP TABLE offered;
  ALTER TABLE new_offered RENAME TO offered;
  CREATE INDEX offered_label ON offered (label);

  -- What was \`repository\` here is where the image was pulled from, HOST/NAME.
  CREATE TABLE new_pulled (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, tag, id)
  ) STRICT;
  INSERT INTO new_pulled SELECT '', tag, id, repository, digest FROM pulled ORDER BY rowid;
  DROP TABLE pulled;
  ALTER TABLE new_pulled RENAME TO pulled;
  `,
  `
  -- How far a preview is in its state; a queued one begins from the front.
  ALTER TABLE preview ADD COLUMN phase TEXT;
  UPDATE preview
  SET phase = CASE
    WHEN state = 'queued' AND image IS NULL THEN 'findImage'
    WHEN state = 'queued' AND image ->> '$.pulled' AND image_update IS NOT NULL
      AND image_update ->> '$.failure' IS NULL THEN 'checkUpdate'
    WHEN state = 'queued' THEN 'start'
    WHEN state = 'paused' AND draining THEN 'draining'
    WHEN state = 'paused' THEN iif(then_start, 'waking', 'frozen')
    WHEN draining THEN iif(then_start, 'drainingToRestart', 'draining')
    ELSE iif(then_start, 'endingToRestart', 'ending')
  END
  WHERE state IN ('queued', 'paused', 'stopping', 'removing');
  ALTER TABLE preview DROP COLUMN draining;
  ALTER TABLE preview DROP COLUMN then_start;
  `,
  `
  -- What holds a slot has a row of its own; a generation has its slot from there.
  CREATE TABLE endpoint (
    slot INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    UNIQUE (repository, tag, number)
  ) STRICT;
  INSERT INTO endpoint
  SELECT slot, 'container', repository, tag, number FROM generation WHERE slot IS NOT NULL;
  CREATE TABLE new_generation (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    role TEXT NOT NULL,
    container TEXT,
    image TEXT NOT NULL,
    digest TEXT,
    port INTEGER NOT NULL,
    since INTEGER,
    PRIMARY KEY (repository, tag, number)
  ) STRICT;
  INSERT INTO new_generation
  SELECT repository, tag, number, role, container, image, digest, port, since FROM generation;
  DROP TABLE generation;
  ALTER TABLE new_generation RENAME TO generation;
  `,
  `
  -- A sandbox holds a slot beyond the life of the container that joins it.
  CREATE TABLE sandbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    port INTEGER
  ) STRICT;
  ALTER TABLE generation ADD COLUMN sandbox INTEGER;
  CREATE TABLE new_endpoint (
    slot INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    repository TEXT,
    tag TEXT,
    number INTEGER,
    sandbox INTEGER UNIQUE,
    UNIQUE (repository, tag, number)
  ) STRICT;
  INSERT INTO new_endpoint SELECT slot, kind, repository, tag, number, NULL FROM endpoint;
  DROP TABLE endpoint;
  ALTER TABLE new_endpoint RENAME TO endpoint;
  `,
  `
  -- Who waits for a start: it goes before those that no person waits for.
  ALTER TABLE preview ADD COLUMN waiter TEXT;
  `,
  `
  -- Who is logged in.
  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL,
    via TEXT NOT NULL,
    can TEXT NOT NULL,
    made_by TEXT NOT NULL,
    address TEXT,
    user_agent TEXT,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- The tokens of programs.
  CREATE TABLE token (
    name TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    can TEXT NOT NULL,
    pattern TEXT,
    until INTEGER,
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used INTEGER
  ) STRICT;
  `,
  `
  -- Who made a change, and from where.
  ALTER TABLE history ADD COLUMN who TEXT;
  ALTER TABLE history ADD COLUMN address TEXT;
  `,
  'ALTER TABLE preview ADD COLUMN pin TEXT;',
  `
  -- What previews took and how often they were asked.
  CREATE TABLE sample (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    memory INTEGER,
    cpu REAL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (repository, tag, at)
  ) STRICT;
  CREATE INDEX sample_at ON sample (at);
  CREATE TABLE last_memory (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  `,
  `
  -- Links that open a preview each.
  CREATE TABLE share (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    created INTEGER NOT NULL,
    until INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    address TEXT
  ) STRICT;
  `,
  `
  -- What lets a browser into a preview, where there is a gate.
  CREATE TABLE pass (
    key TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    session TEXT REFERENCES session (id) ON DELETE CASCADE,
    share TEXT REFERENCES share (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pass_session ON pass (session);
  CREATE INDEX pass_share ON pass (share);
  `,
  'ALTER TABLE preview ADD COLUMN remove_at INTEGER;',
  `
  -- The request that a start, and a change, goes back to.
  ALTER TABLE preview ADD COLUMN request TEXT;
  ALTER TABLE history ADD COLUMN request TEXT;
  `,
  `
  -- What has happened how often.
  CREATE TABLE counter (
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (name, label)
  ) STRICT;
  `,
  `
  -- Where each repository's images are, by its name: there was one, without a name.
  INSERT OR IGNORE INTO meta (key, value)
  SELECT 'repositories', json_object('', value) FROM meta WHERE key = 'repository' AND value <> '';
  DELETE FROM meta WHERE key = 'repository';
  `,
  'ALTER TABLE generation ADD COLUMN pairs TEXT;',
  ...pullRequestSteps,
  ...stackSteps,
  ...shellSteps,
]

export const newestVersion = steps.length

/**
 * Brings a database to the newest schema, in one transaction.
 * @throws when the database is from a newer Lotan
 */
export function migrate(db: Database) {
  const toNewest = db.transaction(() => {
    const version = db.pragma('user_version', { simple: true }) as number
    if (version > steps.length)
      throw new Error(
        `the database has schema ${version}, this Lotan knows ${steps.length}: run the newer Lotan again, or restore a back-up`,
      )
    for (const step of steps.slice(version)) {
      if (typeof step === 'string') db.exec(step)
      else step(db)
    }
    db.pragma(`user_version = ${steps.length}`)
  })
  // To write where nothing is to be done would wake all who wait for a change, and be impossible on a full disk.
  if (db.pragma('user_version', { simple: true }) !== steps.length) toNewest.immediate()
}
