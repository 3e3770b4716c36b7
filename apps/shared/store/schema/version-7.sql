-- A database of schema 7, as the Lotan that used it wrote it: a preview in every state, with everything it may know there.
PRAGMA user_version = 7;
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
  , unfit TEXT, newer TEXT, refreshes INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX preview_label ON preview (label);
CREATE INDEX preview_state ON preview (state, since);
CREATE TABLE generation (
    tag TEXT NOT NULL,
    number INTEGER NOT NULL,
    container TEXT,
    slot INTEGER UNIQUE,
    image TEXT NOT NULL,
    digest TEXT,
    port INTEGER NOT NULL, role TEXT NOT NULL DEFAULT 'serving', since INTEGER,
    PRIMARY KEY (tag, number)
  ) STRICT;
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
CREATE TABLE missing (
    tag TEXT PRIMARY KEY,
    until INTEGER NOT NULL
  ) STRICT;
CREATE TABLE offered (
    tag TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    digest TEXT
  , ahead INTEGER NOT NULL DEFAULT 0, unfit TEXT, artifact INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX offered_label ON offered (label);
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
CREATE TABLE pulled (
    id TEXT NOT NULL,
    tag TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tag, id)
  ) STRICT;
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
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, reason, retry_at, refreshes)
  VALUES ('failed', 'failed', 'failed', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 1, '{"code":"no-answer","detail":"engine words","port":80,"after":120000}', 1763700060000, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, reason, refreshes)
  VALUES ('failed-for-good', 'failed-for-good', 'failed', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, '{"code":"wrong-port","detail":"engine words"}', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, ready_at, refreshes)
  VALUES ('frozen', 'frozen', 'paused', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 0, 0, 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, ready_at, refreshes)
  VALUES ('pausing', 'pausing', 'paused', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 1, 0, 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, generations, stages, took, crashes, progress, refreshes)
  VALUES ('pulling', 'pulling', 'pulling', 1763700000000, 5, 1763699999999, 1, '{}', '{}', 0, '{"bytes":1,"total":2,"layers":3,"layersDone":1,"percent":50}', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, generations, stages, took, crashes, refreshes)
  VALUES ('pulling-nothing', 'pulling-nothing', 'pulling', 1763700000000, 5, 1763699999999, 1, '{}', '{}', 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, generations, stages, took, crashes, asked_by, not_before, refreshes)
  VALUES ('queued', 'queued', 'queued', 1763700000000, 5, 1763699999999, 1, '{}', '{}', 0, 'visit', 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, reason, asked_by, not_before, refreshes)
  VALUES ('queued-again', 'queued-again', 'queued', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 2, '{"code":"exited","detail":"engine words","output":["a","b"],"exitCode":1}', 'retry', 1763700005000, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, refreshes)
  VALUES ('removing-draining', 'removing-draining', 'removing', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 1, 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, refreshes)
  VALUES ('removing-draining-to-restart', 'removing-draining-to-restart', 'removing', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 1, 1, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, refreshes)
  VALUES ('removing-ending', 'removing-ending', 'removing', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 0, 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, refreshes)
  VALUES ('removing-ending-to-restart', 'removing-ending-to-restart', 'removing', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 0, 1, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, ready_at, refreshes)
  VALUES ('replaced', 'replaced', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:two","digest":"sha256:d2","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 3, '{}', '{}', 0, 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, ready_at, refreshes)
  VALUES ('running', 'running', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{"running":1763700000000}', '{"pull":5,"start":300}', 0, 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, refreshes)
  VALUES ('starting', 'starting', 'starting', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{"queued":1763699999991,"starting":1763700000000}', '{}', 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, refreshes)
  VALUES ('starting-bare', 'starting-bare', 'starting', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-ahead', 'stopped-ahead', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'ahead', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-asked', 'stopped-asked', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'asked', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-bare', 'stopped-bare', 'stopped', 1763700000000, 5, 1763699999999, 1, '{}', '{}', 0, 'idle', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-disk', 'stopped-disk', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'disk', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-exited', 'stopped-exited', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'exited', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-idle', 'stopped-idle', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'idle', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-lifetime', 'stopped-lifetime', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'lifetime', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-moved', 'stopped-moved', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'moved', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-renewed', 'stopped-renewed', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'renewed', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, refreshes)
  VALUES ('stopped-room', 'stopped-room', 'stopped', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'room', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, draining, then_start, refreshes)
  VALUES ('stopping-draining', 'stopping-draining', 'stopping', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'idle', 1, 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, draining, then_start, refreshes)
  VALUES ('stopping-draining-to-restart', 'stopping-draining-to-restart', 'stopping', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'idle', 1, 1, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, draining, then_start, refreshes)
  VALUES ('stopping-ending', 'stopping-ending', 'stopping', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'lifetime', 0, 0, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, why, draining, then_start, refreshes)
  VALUES ('stopping-ending-to-restart', 'stopping-ending-to-restart', 'stopping', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'lifetime', 0, 1, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, refreshes)
  VALUES ('told-curbed', 'told-curbed', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'It tries to make more processes than it may, without end: it gets little of the processor until it stops that.', 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, refreshes)
  VALUES ('told-error', 'told-error', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'The application answers 500 at /.', 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, refreshes)
  VALUES ('told-error-and-curbed', 'told-error-and-curbed', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'The application answers 500 at /. It tries to make more processes than it may, without end: it gets little of the processor until it stops that.', 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, refreshes)
  VALUES ('told-label-and-error', 'told-label-and-error', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'The image''s label lotan.port=x is not used: is no port. The application answers 500 at /.', 1763699999991, 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, unfit, refreshes)
  VALUES ('told-rejected', 'told-rejected', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:two","digest":"sha256:d2","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 2, '{}', '{}', 0, 'A newer image was pushed, but told-rejected stopped while starting; the one before serves on. engine words', 1763699999991, 'sha256:two', 0);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, newer, refreshes)
  VALUES ('told-update', 'told-update', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'A newer image was pushed, but This server is out of disk space; the one before is used. engine words', 1763699999991, '{"number":7,"digest":"sha256:d2","asked":false,"trouble":{"code":"disk-full","detail":"engine words","at":1763699999996,"rest":60000}}', 7);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, ready_at, newer, refreshes)
  VALUES ('told-update-and-error', 'told-update-and-error', 'running', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 'There may be a newer image, but This server is out of disk space; the one before is used. engine words The application answers 500 at /. It tries to make more processes than it may, without end: it gets little of the processor until it stops that.', 1763699999991, '{"number":7,"digest":null,"asked":true,"trouble":{"code":"disk-full","detail":"engine words","at":1763699999996,"rest":60000}}', 7);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, draining, then_start, ready_at, refreshes)
  VALUES ('waking', 'waking', 'paused', 1763700000000, 5, 1763699999999, '{"id":"sha256:one","digest":"sha256:d1","pulled":true,"bytes":2000000,"created":null,"labels":{},"ports":[80]}', 1, '{}', '{}', 0, 0, 1, 1763699999991, 0);
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('frozen', 1, 'c1', 8, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('pausing', 1, 'c1', 7, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('queued-again', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('removing-draining', 1, 'c1', 14, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('removing-draining-to-restart', 1, 'c1', 15, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('removing-ending', 1, 'c1', 16, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('removing-ending-to-restart', 1, 'c1', 17, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('replaced', 1, 'c1', 6, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('replaced', 2, 'c2', 4, 'sha256:two', 'sha256:d2', 80, 'coming');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role, since)
  VALUES ('replaced', 3, 'c1', 5, 'sha256:one', 'sha256:d1', 80, 'leaving', 1763699999995);
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('running', 1, 'c1', 3, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('starting', 1, 'c1', 2, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-asked', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-disk', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-exited', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-idle', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-lifetime', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-moved', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-renewed', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, image, digest, port, role)
  VALUES ('stopped-room', 1, 'c1', 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('stopping-draining', 1, 'c1', 10, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('stopping-draining-to-restart', 1, 'c1', 11, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('stopping-ending', 1, 'c1', 12, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('stopping-ending-to-restart', 1, 'c1', 13, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-curbed', 1, 'c1', 20, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-error', 1, 'c1', 19, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-error-and-curbed', 1, 'c1', 21, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-label-and-error', 1, 'c1', 18, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-rejected', 1, 'c1', 25, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role, since)
  VALUES ('told-rejected', 2, 'c2', 24, 'sha256:two', 'sha256:d2', 80, 'leaving', 0);
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-update', 1, 'c1', 22, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('told-update-and-error', 1, 'c1', 23, 'sha256:one', 'sha256:d1', 80, 'serving');
INSERT INTO generation (tag, number, container, slot, image, digest, port, role)
  VALUES ('waking', 1, 'c1', 9, 'sha256:one', 'sha256:d1', 80, 'serving');
