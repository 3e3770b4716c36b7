export const shellSteps = [
  `
  -- What lets one request in to look inside a preview.
  CREATE TABLE ticket (
    key TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    who TEXT NOT NULL,
    address TEXT,
    until INTEGER NOT NULL
  ) STRICT;
  -- Who is inside now.
  CREATE TABLE shell_session (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    service TEXT,
    kind TEXT NOT NULL,
    program TEXT,
    via TEXT NOT NULL,
    who TEXT NOT NULL,
    address TEXT,
    container TEXT,
    opened INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Its processes may outlive it: its row stays until they have ended.
  ALTER TABLE shell_session ADD COLUMN ended INTEGER;
  `,
]
