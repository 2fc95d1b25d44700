-- The part of PostfixAdmin's MySQL schema that the preset reads, with rows to try it on. Not for production: PostfixAdmin
-- makes its own tables.

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL,
  description VARCHAR(255) NOT NULL DEFAULT '',
  aliases INT NOT NULL DEFAULT 0,
  mailboxes INT NOT NULL DEFAULT 0,
  transport VARCHAR(255) NOT NULL DEFAULT 'virtual',
  backupmx TINYINT(1) NOT NULL DEFAULT 0,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci;

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL,
  password VARCHAR(255) NOT NULL DEFAULT '',
  name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT '',
  maildir VARCHAR(255) NOT NULL DEFAULT '',
  quota BIGINT NOT NULL DEFAULT 0,
  local_part VARCHAR(255) NOT NULL,
  domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (username),
  KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci;

CREATE TABLE alias (
  address VARCHAR(255) NOT NULL,
  goto TEXT NOT NULL,
  domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (address),
  KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci;

CREATE TABLE alias_domain (
  alias_domain VARCHAR(255) NOT NULL,
  target_domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (alias_domain),
  KEY active (active),
  KEY target_domain (target_domain)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci;

INSERT INTO domain (domain, active) VALUES
  ('ALL', '1'), ('example.com', '1'), ('alias.test', '1'), ('oldalias.test', '1'), ('offalias.test', '0'), ('inactive.test', '0'),
  ('catch.test', '1'), ('catchalias.test', '1');

INSERT INTO mailbox (username, local_part, domain, active) VALUES
  ('alice@example.com', 'alice', 'example.com', '1'),
  ('bob@example.com', 'bob', 'example.com', '1'),
  ('off@example.com', 'off', 'example.com', '0'),
  ('dave@inactive.test', 'dave', 'inactive.test', '1'),
  ('erin@catch.test', 'erin', 'catch.test', '1');

INSERT INTO alias (address, goto, domain, active) VALUES
  -- Every mailbox has a row: alice forwards to bob as well, bob is on vacation.
  ('alice@example.com', 'alice@example.com,bob@example.com', 'example.com', '1'),
  ('bob@example.com', 'bob@example.com,bob#example.com@autoreply.example.com', 'example.com', '1'),
  ('off@example.com', 'off@example.com', 'example.com', '0'),
  ('dave@inactive.test', 'dave@inactive.test', 'inactive.test', '1'),
  ('erin@catch.test', 'erin@catch.test', 'catch.test', '1'),
  -- Aliases: to two mailboxes, to the outside, to an alias, switched off, in a domain that is switched off.
  ('sales@example.com', 'alice@example.com,bob@example.com', 'example.com', '1'),
  ('ext@example.com', 'someone@gmail.test', 'example.com', '1'),
  ('chain@example.com', 'sales@example.com', 'example.com', '1'),
  ('loop@example.com', 'pool@example.com', 'example.com', '1'),
  ('pool@example.com', 'loop@example.com', 'example.com', '1'),
  ('offal@example.com', 'alice@example.com', 'example.com', '0'),
  ('offal@catch.test', 'erin@catch.test', 'catch.test', '0'),
  ('info@inactive.test', 'alice@example.com', 'inactive.test', '1'),
  -- A catch-all.
  ('@catch.test', 'erin@catch.test', 'catch.test', '1');

INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
  ('alias.test', 'example.com', '1'),
  ('oldalias.test', 'example.com', '0'),
  ('offalias.test', 'example.com', '1'),
  ('catchalias.test', 'catch.test', '1');
