/** Steps of the schema that pull requests brought. They have shipped: never change one. */
import type { Step } from './first-steps.ts'

export const pullRequestSteps: Step[] = [
  `
  -- Pull requests, what was said in them, and what their forge and the registry have hinted at.
  CREATE TABLE change (
    repository TEXT NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    branch TEXT NOT NULL,
    base TEXT NOT NULL,
    sha TEXT NOT NULL,
    fork INTEGER NOT NULL,
    state TEXT NOT NULL,
    url TEXT NOT NULL,
    updated INTEGER NOT NULL,
    closed_at INTEGER,
    approval TEXT,
    behind TEXT,
    said TEXT,
    PRIMARY KEY (repository, number)
  ) STRICT;
  CREATE INDEX change_base ON change (repository, base);
  CREATE TABLE change_tag (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (repository, tag, number)
  ) STRICT;
  CREATE INDEX change_tag_number ON change_tag (repository, number);
  CREATE TABLE approved_tag (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    approval TEXT NOT NULL,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  CREATE TABLE tag_image (
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    revision TEXT,
    bytes INTEGER,
    created TEXT,
    PRIMARY KEY (repository, tag)
  ) STRICT;
  CREATE TABLE hook (
    delivery TEXT PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX hook_at ON hook (at);
  CREATE TABLE hint (
    kind TEXT NOT NULL,
    repository TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, repository, subject)
  ) STRICT;
  `,
  'ALTER TABLE generation ADD COLUMN trusted INTEGER;',
]
