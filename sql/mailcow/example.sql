-- The part of mailcow's schema that the preset reads, with rows to try it on. Not for production: mailcow makes its own tables.

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL,
  description VARCHAR(255),
  aliases INT(10) NOT NULL DEFAULT 0,
  mailboxes INT(10) NOT NULL DEFAULT 0,
  backupmx TINYINT(1) NOT NULL DEFAULT 0,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL,
  password VARCHAR(255) NOT NULL DEFAULT '',
  local_part VARCHAR(255) NOT NULL,
  domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (username),
  KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE alias (
  id INT NOT NULL AUTO_INCREMENT,
  address VARCHAR(255) NOT NULL,
  goto TEXT NOT NULL,
  domain VARCHAR(255) NOT NULL,
  internal TINYINT(1) NOT NULL DEFAULT 0,
  sender_allowed TINYINT(1) NOT NULL DEFAULT 1,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY address (address),
  KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE alias_domain (
  alias_domain VARCHAR(255) NOT NULL,
  target_domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (alias_domain),
  KEY active (active),
  KEY target_domain (target_domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- mailcow gives this table no index but its number: an ACL is found by reading it all, which for a few hundred rows is fast.
CREATE TABLE sender_acl (
  id INT NOT NULL AUTO_INCREMENT,
  logged_in_as VARCHAR(255) NOT NULL,
  send_as VARCHAR(255) NOT NULL,
  external TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO domain (domain, active) VALUES ('example.com', 1), ('inactive.test', 0), ('catch.test', 1);

-- 2 = may receive, may not log in.
INSERT INTO mailbox (username, local_part, domain, active) VALUES
  ('alice@example.com', 'alice', 'example.com', 1),
  ('bob@example.com', 'bob', 'example.com', 1),
  ('off@example.com', 'off', 'example.com', 0),
  ('half@example.com', 'half', 'example.com', 2),
  ('spoof@example.com', 'spoof', 'example.com', 1),
  ('dave@inactive.test', 'dave', 'inactive.test', 1),
  ('erin@catch.test', 'erin', 'catch.test', 1),
  ('frank@catch.test', 'frank', 'catch.test', 1);

INSERT INTO alias (address, goto, domain, active, sender_allowed) VALUES
  ('alice@example.com', 'alice@example.com', 'example.com', 1, 1),
  ('bob@example.com', 'bob@example.com', 'example.com', 1, 1),
  ('off@example.com', 'off@example.com', 'example.com', 0, 1),
  ('half@example.com', 'half@example.com', 'example.com', 2, 1),
  ('spoof@example.com', 'spoof@example.com', 'example.com', 1, 1),
  ('dave@inactive.test', 'dave@inactive.test', 'inactive.test', 1, 1),
  ('erin@catch.test', 'erin@catch.test', 'catch.test', 1, 1),
  ('frank@catch.test', 'frank@catch.test', 'catch.test', 1, 1),
  ('sales@example.com', 'alice@example.com,bob@example.com', 'example.com', 1, 1),
  -- For receiving only.
  ('rx@example.com', 'alice@example.com', 'example.com', 1, 0),
  ('rx@catch.test', 'frank@catch.test', 'catch.test', 1, 0),
  ('offal@catch.test', 'frank@catch.test', 'catch.test', 0, 1),
  ('@catch.test', 'erin@catch.test', 'catch.test', 1, 1),
  -- An alias in an alias domain.
  ('nick@alias.test', 'bob@example.com', 'alias.test', 1, 1);

INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
  ('alias.test', 'example.com', 1),
  ('oldalias.test', 'example.com', 0);

INSERT INTO sender_acl (logged_in_as, send_as, external) VALUES
  ('bob@example.com', 'alice@example.com', 0),
  ('alice@example.com', 'ceo@partner.test', 1),
  ('frank@catch.test', '@catch.test', 0);
