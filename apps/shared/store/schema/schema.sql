-- The tables of today's database: schema.ts has the steps that lead here, and schema.test.ts compares the two.
-- Times are milliseconds since 1970. A preview is a tag of a repository; '' is the repository without a name.

-- One row a preview: what is wanted and known of it. rows.ts reads and writes it, transitions.ts changes it.
CREATE TABLE preview (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  label TEXT NOT NULL, -- the host's first label: a host finds its preview by it
  state TEXT NOT NULL,
  phase TEXT, -- how far it is in its state, where that has phases
  since INTEGER NOT NULL, -- when the state was entered
  change INTEGER NOT NULL, -- counts what asks the queue-processor for work; part of the job's id
  last_seen INTEGER, -- the last request that counts as activity
  image TEXT, -- JSON: the image that is on the engine
  generations INTEGER NOT NULL, -- the number of its newest generation
  stages TEXT NOT NULL, -- JSON: when its start reached each stage
  took TEXT NOT NULL, -- JSON: how long its last pull and start took
  crashes INTEGER NOT NULL, -- starts in a row that ended in the application exiting
  notices TEXT, -- JSON: what is to be known of one that works all the same
  reason TEXT, -- JSON: why it failed, or why it is tried again
  retry_at INTEGER, -- failed: when Lotan tries again by itself
  why TEXT, -- stopping, stopped: why
  asked_by TEXT, -- queued: who made it start
  not_before INTEGER, -- queued: the next try waits until then
  ready_at INTEGER, -- running, paused: since when it has answered without a break
  progress TEXT, -- JSON: how far its pull is
  rejected_image TEXT, -- a newer image whose container did not come up
  image_update TEXT, -- JSON: what is asked for, or known, to be newer than its image
  refreshes INTEGER NOT NULL, -- how often that was
  waiter TEXT, -- JSON: who waits for its start, and until when that counts
  pin TEXT, -- JSON: until when it is kept, used or not
  remove_at INTEGER, -- until when its removal may be taken back, milliseconds since 1970
  request TEXT, -- the id of the request that its start goes back to, while it comes up
  copy TEXT, -- JSON: what it is a copy of
  PRIMARY KEY (repository, tag)
) STRICT;
CREATE INDEX preview_label ON preview (label);
CREATE INDEX preview_state ON preview (state, since);

-- One row a container of a preview: the one that serves, one that is to take over, those that are to go.
CREATE TABLE generation (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  number INTEGER NOT NULL,
  role TEXT NOT NULL, -- serving, pending or retiring
  container TEXT, -- the engine's id
  image TEXT NOT NULL,
  digest TEXT,
  port INTEGER NOT NULL, -- where its application listens, inside
  since INTEGER, -- retiring: when its route went
  sandbox INTEGER, -- whose network its container joins
  pairs TEXT, -- JSON: which previews of other repositories it goes with
  trusted INTEGER, -- 1: it was given LOTAN_CONTAINER_SECRET_X; null: there was none
  stack TEXT, -- a digest of the services that it came up with; null for none
  PRIMARY KEY (repository, tag, number)
) STRICT;

-- One row a slot that is held: what answers at its address. No other has the slot until this one gives it up.
CREATE TABLE endpoint (
  slot INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, -- container: that of a generation; sandbox
  repository TEXT, -- a generation's
  tag TEXT,
  number INTEGER,
  sandbox INTEGER UNIQUE, -- a sandbox's number
  UNIQUE (repository, tag, number)
) STRICT;

-- One row a sandbox: a container that does nothing but hold a network, which one container of a preview joins.
CREATE TABLE sandbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL, -- making, unchecked, ready, given: a generation has it, or had it
  port INTEGER -- where slots are ports: the port inside that its own leads to
) STRICT;

-- Slots that were given back: they rest before they are given out again, over restarts too.
CREATE TABLE resting_slot (
  slot INTEGER PRIMARY KEY,
  freed_at INTEGER NOT NULL
) STRICT;

-- One row a change of a preview, or what is done about it. It outlives the preview's own row.
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  repository TEXT NOT NULL DEFAULT '',
  tag TEXT NOT NULL,
  at INTEGER NOT NULL,
  was TEXT NOT NULL, -- the state before
  state TEXT NOT NULL, -- the state after
  event TEXT NOT NULL,
  generation INTEGER,
  detail TEXT,
  who TEXT, -- admin, a person as their login knows them, token NAME, visitor, or lotan; null before it was noted
  address TEXT, -- from where
  request TEXT -- the id of the request that it goes back to, as in nginx's log
) STRICT;
CREATE INDEX history_preview ON history (repository, tag, id);

-- What has happened how often since this database was made: counted in the transaction of the change that it is.
CREATE TABLE counter (
  name TEXT NOT NULL, -- tally.ts has the names and labels
  label TEXT NOT NULL,
  value REAL NOT NULL, -- a count, or seconds
  PRIMARY KEY (name, label)
) STRICT;

-- Tags that the registry does not have, as it said a short while ago.
CREATE TABLE missing (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  until INTEGER NOT NULL, -- until when that is remembered
  PRIMARY KEY (repository, tag)
) STRICT;

-- Tags that the registry offers, in the order in which they were first seen.
CREATE TABLE offered (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  label TEXT NOT NULL, -- as above
  digest TEXT, -- the last one known
  ahead INTEGER NOT NULL DEFAULT 0, -- whether it has had its turn to be pulled before its first click
  unfit TEXT, -- the digest at which it was found to be nothing that can run here
  artifact INTEGER NOT NULL DEFAULT 0, -- whether it is no image at all
  PRIMARY KEY (repository, tag)
) STRICT;
CREATE INDEX offered_label ON offered (label);

-- Images that Lotan pulled and has not removed: a tag that is pushed again leaves its old one without a name.
CREATE TABLE pulled (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  id TEXT NOT NULL, -- the engine's id of the image
  reference TEXT NOT NULL, -- where it was pulled from, HOST/NAME
  digest TEXT NOT NULL,
  PRIMARY KEY (repository, tag, id)
) STRICT;

-- Streams and WebSockets that are open to previews, and those that were when their preview went.
CREATE TABLE stream (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE, -- nginx's id of the request
  repository TEXT NOT NULL DEFAULT '',
  tag TEXT NOT NULL,
  client TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  open INTEGER NOT NULL DEFAULT 1,
  resting INTEGER NOT NULL DEFAULT 0 -- it was open when its preview went: it wakes it no more
) STRICT;
CREATE INDEX stream_preview ON stream (repository, tag, client);

-- Who is logged in: one row a session. The browser has its secret, in a cookie.
CREATE TABLE session (
  id TEXT PRIMARY KEY, -- names it for people, and opens nothing
  key TEXT NOT NULL UNIQUE, -- the SHA-256 of the secret
  user TEXT NOT NULL, -- admin, or an address or a name as the login knows it
  via TEXT NOT NULL, -- link: the admin token; header: a trusted proxy's; oidc: a login provider; password: the gate's
  can TEXT NOT NULL, -- a scope: public, read, run, shell or admin
  made_by TEXT NOT NULL, -- a hash of the admin token, or of the lists, that let its user in: with others it is over
  address TEXT, -- where it was begun
  user_agent TEXT,
  created INTEGER NOT NULL,
  last_used INTEGER NOT NULL, -- to within a minute
  until INTEGER NOT NULL
) STRICT;

-- The tokens of programs: one row each.
CREATE TABLE token (
  name TEXT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE, -- the SHA-256 of the secret
  can TEXT NOT NULL, -- a scope: read, run, shell or admin
  pattern TEXT, -- a Lua pattern: the tags it is for; without one all
  until INTEGER, -- its end; without one it has none
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL, -- who
  last_used INTEGER -- to within a minute
) STRICT;

-- Links that open one preview each, without a login: one row each.
CREATE TABLE share (
  id TEXT PRIMARY KEY, -- names it for people, and opens nothing
  key TEXT NOT NULL UNIQUE, -- the SHA-256 of the secret
  repository TEXT NOT NULL,
  tag TEXT NOT NULL, -- no preview need have it any more
  created INTEGER NOT NULL,
  until INTEGER NOT NULL,
  created_by TEXT NOT NULL, -- who
  address TEXT -- from where
) STRICT;

-- What lets a browser into one preview, where there is a gate (LOTAN_GATE). The browser has its secret, in a cookie of the
-- preview's own host. It ends with what it was given for.
CREATE TABLE pass (
  key TEXT PRIMARY KEY, -- the SHA-256 of the secret
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  session TEXT REFERENCES session (id) ON DELETE CASCADE, -- what it was given for: this, or
  share TEXT REFERENCES share (id) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX pass_session ON pass (session);
CREATE INDEX pass_share ON pass (share);

-- What a preview took and how often it was asked: a row a preview and minute, for an hour.
CREATE TABLE sample (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  at INTEGER NOT NULL,
  memory INTEGER, -- bytes; null where it did not run
  cpu REAL, -- processors, on average since the row before
  requests INTEGER NOT NULL,
  PRIMARY KEY (repository, tag, at)
) STRICT;
CREATE INDEX sample_at ON sample (at);

-- What each preview took when it was last measured. It outlives the preview's own row.
CREATE TABLE last_memory (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  at INTEGER NOT NULL,
  memory INTEGER NOT NULL, -- bytes
  PRIMARY KEY (repository, tag)
) STRICT;

-- Pull and merge requests, open and closed: as their forge told it last, and what Lotan knows of them besides.
CREATE TABLE change (
  repository TEXT NOT NULL, -- as of a preview
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  branch TEXT NOT NULL,
  base TEXT NOT NULL, -- the branch that it is to go into
  sha TEXT NOT NULL, -- its head commit
  fork INTEGER NOT NULL, -- 1: its branch lies in another repository
  state TEXT NOT NULL, -- open, closed or merged
  url TEXT NOT NULL,
  updated INTEGER NOT NULL, -- at the forge: an earlier report never wins
  closed_at INTEGER, -- when Lotan learnt that it is closed
  approval TEXT, -- JSON {who, at}: who lets a fork's change run
  behind TEXT, -- JSON {revision, sha, commits}: how its image lies to its head
  said TEXT, -- JSON: what stands at the forge by Lotan's hand
  PRIMARY KEY (repository, number)
) STRICT;
CREATE INDEX change_base ON change (repository, base);

-- The tags that LOTAN_FORGE_TAG gives each change.
CREATE TABLE change_tag (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  number INTEGER NOT NULL,
  place INTEGER NOT NULL, -- of the template: the first one that has an image is meant
  PRIMARY KEY (repository, tag, number)
) STRICT;
CREATE INDEX change_tag_number ON change_tag (repository, number);

-- Tags that an admin let run before it was known whose change they are of.
CREATE TABLE approved_tag (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  approval TEXT NOT NULL, -- JSON {who, at}
  PRIMARY KEY (repository, tag)
) STRICT;

-- What the images of changes say of themselves, without a pull.
CREATE TABLE tag_image (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT NOT NULL,
  revision TEXT, -- label org.opencontainers.image.revision
  bytes INTEGER, -- packed
  created TEXT, -- ISO 8601
  PRIMARY KEY (repository, tag)
) STRICT;

-- Deliveries of hooks, so that one that comes twice is known.
CREATE TABLE hook (
  delivery TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX hook_at ON hook (at);

-- What hooks hint at, and nobody has looked at yet: at most one row a subject.
CREATE TABLE hint (
  kind TEXT NOT NULL, -- change: the forge part looks; push: the reaper does
  repository TEXT NOT NULL,
  subject TEXT NOT NULL, -- a number, or a tag; empty: all of them
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, repository, subject)
) STRICT;

-- One row a service of a preview's stack: what runs beside its own container. service-state.ts has the states.
CREATE TABLE service (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  name TEXT NOT NULL, -- by which the preview's containers reach it
  place INTEGER NOT NULL, -- in its stack
  state TEXT NOT NULL,
  since INTEGER NOT NULL, -- when the state was entered
  image TEXT NOT NULL, -- as the stack names it
  image_id TEXT, -- the engine's id of it
  digest TEXT,
  container TEXT, -- the engine's id
  spec TEXT, -- a digest of what its container was made with
  slot INTEGER UNIQUE, -- its address, where it has a second host
  port INTEGER, -- where it listens, inside
  label TEXT, -- the second host's first label
  crashes INTEGER NOT NULL, -- ends in a row that no step asked for
  restart_at INTEGER, -- restarting: when
  reason TEXT, -- JSON: why it does not run
  PRIMARY KEY (repository, tag, name)
) STRICT;
CREATE INDEX service_label ON service (label);

-- Images of services that Lotan pulled and has not removed.
CREATE TABLE service_image (
  id TEXT NOT NULL, -- the engine's
  image TEXT NOT NULL, -- as the engine names it: postgres:16
  digest TEXT, -- that it was pulled by
  PRIMARY KEY (id, image)
) STRICT;

-- One row a network of a preview's stack: its number is a subnet of Lotan's pool. Without a preview it rests.
CREATE TABLE stack_network (
  number INTEGER PRIMARY KEY,
  repository TEXT,
  tag TEXT,
  freed_at INTEGER, -- when it was given back
  UNIQUE (repository, tag)
) STRICT;

-- One row a volume on the engine. It outlives the preview's own row.
CREATE TABLE volume (
  engine TEXT PRIMARY KEY, -- its name on the engine
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  name TEXT NOT NULL, -- as its stack has it
  snapshot TEXT, -- whose it is; null: its preview's
  state TEXT NOT NULL, -- filling, current, or old: it is to be removed
  created INTEGER NOT NULL,
  image TEXT, -- the application's image that it was used with last
  bytes INTEGER,
  measured_at INTEGER,
  used_at INTEGER NOT NULL, -- when its preview last had a container
  keep INTEGER, -- how long it is kept from then, milliseconds; null: LOTAN_DATA_DAYS
  source TEXT -- filling: the snapshot that is copied into it
) STRICT;
CREATE INDEX volume_preview ON volume (repository, tag, name);

-- One row a snapshot: a copy of a preview's volumes, which stays until it is deleted.
CREATE TABLE snapshot (
  name TEXT PRIMARY KEY,
  repository TEXT NOT NULL, -- those of the preview that it was made of
  tag TEXT NOT NULL,
  state TEXT NOT NULL, -- asked, ready or failed
  created INTEGER NOT NULL, -- when it was asked for, then when it was made
  who TEXT NOT NULL,
  address TEXT,
  digest TEXT, -- the image's, when it was made
  revision TEXT, -- label org.opencontainers.image.revision
  stack TEXT, -- a digest of the services that wrote it
  salt TEXT, -- what the secrets in it are made of
  published INTEGER NOT NULL, -- 1: an admin lets other previews begin with it
  frozen INTEGER, -- how long its preview stood still for it, milliseconds
  reason TEXT -- failed: why
) STRICT;
CREATE INDEX snapshot_preview ON snapshot (repository, tag);

-- The last time that each preview was to have other data: new, or a snapshot's.
CREATE TABLE reset (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  snapshot TEXT, -- null: empty volumes
  state TEXT NOT NULL, -- asked, filled: it needs a moment without containers; done or failed
  volumes TEXT, -- JSON, filled: the engine's names of what is to take their place
  asked INTEGER NOT NULL,
  ended INTEGER,
  who TEXT NOT NULL,
  address TEXT,
  reason TEXT, -- failed: why
  PRIMARY KEY (repository, tag)
) STRICT;

-- What the secrets of a stack are made of, beside the key in the data directory: as long as the preview has volumes.
CREATE TABLE stack_salt (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  salt TEXT NOT NULL,
  PRIMARY KEY (repository, tag)
) STRICT;

-- Copies of previews that were asked for, and are not made yet.
CREATE TABLE copy_wish (
  repository TEXT NOT NULL,
  tag TEXT NOT NULL, -- that of the copy
  of_tag TEXT NOT NULL, -- that of the preview that it is to be made of
  kept INTEGER NOT NULL, -- 1: with what its application has written
  lasts INTEGER, -- of its pin, milliseconds; null: without an end
  asked_at INTEGER NOT NULL,
  who TEXT NOT NULL,
  address TEXT,
  request TEXT,
  PRIMARY KEY (repository, tag)
) STRICT;

-- What lets one request in to look inside a preview: once, and for half a minute.
CREATE TABLE ticket (
  key TEXT PRIMARY KEY, -- the hash of its secret
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  who TEXT NOT NULL,
  address TEXT,
  until INTEGER NOT NULL
) STRICT;

-- Who is inside now. A row that a process has left behind tells the next one what to end.
CREATE TABLE shell_session (
  id TEXT PRIMARY KEY, -- its processes have it in their environment
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  service TEXT, -- null: the application
  kind TEXT NOT NULL, -- shell, exec, attach, run, forward or files
  program TEXT, -- the name of the program alone: arguments may hold secrets
  via TEXT NOT NULL, -- ssh, api or page
  who TEXT NOT NULL,
  address TEXT,
  container TEXT, -- the engine's id; null until it is awake
  opened INTEGER NOT NULL,
  ended INTEGER -- null while it is open; then its row waits for the end of its processes
) STRICT;

-- Facts about this installation: facts.ts has their names, forms and meanings.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
