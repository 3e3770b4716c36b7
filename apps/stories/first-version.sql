-- A database of the first version of Lotan, as it wrote it, with one preview that runs and one that sleeps. What differs from
-- one machine to the next stands in braces; {now-N} is N milliseconds before now.
PRAGMA user_version = 1;
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
  ) STRICT;
CREATE INDEX offered_label ON offered (label);
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, reason, retry_at, why, asked_by, not_before, draining, then_start, ready_at, progress) VALUES ('red', 'red', 'running', {now-16143}, {now-17540}, {now-16133}, '{"id":"{red.image}","digest":"{red.digest}","pulled":true,"bytes":1982301,"created":"2026-11-21T10:32:47.239632139Z","labels":{"lotan.test":"true"},"ports":[80]}', 1, '{"queued":{now-17541},"pulling":{now-17488},"starting":{now-16876},"waiting":{now-16155},"running":{now-16143}}', '{"pull":612,"start":733}', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {now-16143}, NULL);
INSERT INTO preview (tag, label, state, since, change, last_seen, image, generations, stages, took, crashes, notice, reason, retry_at, why, asked_by, not_before, draining, then_start, ready_at, progress) VALUES ('asleep', 'asleep', 'stopped', {now-4617}, {now-16125}, {now-15070}, '{"id":"{asleep.image}","digest":"{asleep.digest}","pulled":true,"bytes":1982307,"created":"2026-11-21T10:32:49.5125876Z","labels":{"lotan.test":"true"},"ports":[80]}', 1, '{"queued":{now-16127},"pulling":{now-16118},"starting":{now-15715},"waiting":{now-15085},"running":{now-15077}}', '{"pull":403,"start":638}', 0, NULL, NULL, NULL, 'asked', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO generation (tag, number, container, slot, image, digest, port) VALUES ('red', 1, '{red.container}', {red.slot}, '{red.image}', '{red.digest}', 80);
INSERT INTO generation (tag, number, container, slot, image, digest, port) VALUES ('asleep', 1, '{asleep.container}', NULL, '{asleep.image}', '{asleep.digest}', 80);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (1, 'red', {now-17541}, 'unknown', 'queued', 'start', NULL, 'visit');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (2, 'red', {now-17488}, 'queued', 'pulling', 'pull', NULL, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (3, 'red', {now-16876}, 'pulling', 'starting', 'pulled', NULL, '{red.digest}');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (4, 'red', {now-16871}, 'starting', 'starting', 'begin', 1, 'slot {red.slot}');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (5, 'red', {now-16773}, 'starting', 'starting', 'created', 1, '{red.short}');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (6, 'red', {now-16155}, 'starting', 'starting', 'started', 1, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (7, 'red', {now-16143}, 'starting', 'running', 'answered', 1, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (8, 'asleep', {now-16127}, 'unknown', 'queued', 'start', NULL, 'visit');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (9, 'asleep', {now-16118}, 'queued', 'pulling', 'pull', NULL, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (10, 'asleep', {now-15715}, 'pulling', 'starting', 'pulled', NULL, '{asleep.digest}');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (11, 'asleep', {now-15695}, 'starting', 'starting', 'begin', 1, 'slot 2');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (12, 'asleep', {now-15646}, 'starting', 'starting', 'created', 1, '{asleep.short}');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (13, 'asleep', {now-15085}, 'starting', 'starting', 'started', 1, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (14, 'asleep', {now-15077}, 'starting', 'running', 'answered', 1, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (15, 'asleep', {now-15060}, 'running', 'stopping', 'stop', 1, 'asked');
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (16, 'asleep', {now-5045}, 'stopping', 'stopping', 'ending', 1, NULL);
INSERT INTO history (id, tag, at, was, state, event, generation, detail) VALUES (17, 'asleep', {now-4617}, 'stopping', 'stopped', 'ended', 1, NULL);
INSERT INTO missing (tag, until) VALUES ('nonesuch', {now-0});
INSERT INTO offered (tag, label, digest) VALUES ('asleep', 'asleep', NULL);
INSERT INTO offered (tag, label, digest) VALUES ('red', 'red', NULL);
INSERT INTO meta (key, value) VALUES ('repository', '{repository}');
INSERT INTO meta (key, value) VALUES ('subnet', '{subnet}');
INSERT INTO meta (key, value) VALUES ('pool_port_in_use', '80');
INSERT INTO meta (key, value) VALUES ('last_slot', '{red.slot}');
INSERT INTO meta (key, value) VALUES ('pool_port', '80');
