-- The part of a Mail-in-a-Box's users.sqlite that the preset reads, with rows to try it on. Not for production: the box makes
-- its own file.

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL UNIQUE,
  password TEXT NOT NULL DEFAULT '',
  extra,
  privileges TEXT NOT NULL DEFAULT ''
);

CREATE TABLE aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL UNIQUE,
  destination TEXT NOT NULL,
  permitted_senders TEXT
);

CREATE TABLE auto_aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL UNIQUE,
  destination TEXT NOT NULL,
  permitted_senders TEXT
);

INSERT INTO users (email) VALUES
  ('alice@example.com'), ('bob@example.com'), ('carol@example.com'), ('erin@catch.test');

INSERT INTO aliases (source, destination, permitted_senders) VALUES
  -- An alias of the same name as a user, for whom it also delivers to alice.
  ('bob@example.com', 'alice@example.com', NULL),
  ('sales@example.com', 'alice@example.com,bob@example.com', NULL),
  ('ps@example.com', 'alice@example.com', 'bob@example.com'),
  ('so@example.com', '', 'alice@example.com'),
  ('nobody@example.com', '', NULL),
  -- carol may not send as herself.
  ('carol@example.com', 'carol@example.com', 'alice@example.com'),
  ('@catch.test', 'erin@catch.test', NULL),
  ('@alias.test', '@example.com', NULL);

INSERT INTO auto_aliases (source, destination) VALUES ('postmaster@example.com', 'alice@example.com');
