-- The part of iRedMail's MySQL schema (database vmail) that the preset reads, with rows to try it on. Not for production:
-- iRedMail makes its own tables.

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL DEFAULT '',
  transport VARCHAR(255) NOT NULL DEFAULT 'dovecot',
  backupmx TINYINT(1) NOT NULL DEFAULT 0,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain),
  INDEX (backupmx),
  INDEX (active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL DEFAULT '',
  password VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  enablesmtp TINYINT(1) NOT NULL DEFAULT 1,
  enablesmtpsecured TINYINT(1) NOT NULL DEFAULT 1,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (username),
  INDEX (domain),
  INDEX (enablesmtp),
  INDEX (enablesmtpsecured),
  INDEX (active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE alias (
  address VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (address),
  INDEX (domain),
  INDEX (active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE forwardings (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  address VARCHAR(255) NOT NULL DEFAULT '',
  forwarding VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  dest_domain VARCHAR(255) NOT NULL DEFAULT '',
  is_maillist TINYINT(1) NOT NULL DEFAULT 0,
  is_list TINYINT(1) NOT NULL DEFAULT 0,
  is_forwarding TINYINT(1) NOT NULL DEFAULT 0,
  is_alias TINYINT(1) NOT NULL DEFAULT 0,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE INDEX (address, forwarding),
  INDEX (domain),
  INDEX (dest_domain),
  INDEX (is_maillist),
  INDEX (is_list),
  INDEX (is_alias)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE alias_domain (
  alias_domain VARCHAR(255) NOT NULL,
  target_domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (alias_domain),
  INDEX (target_domain),
  INDEX (active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO domain (domain, backupmx, active) VALUES
  ('example.com', 0, 1), ('inactive.test', 0, 0), ('backup.test', 1, 1), ('catch.test', 0, 1);

INSERT INTO mailbox (username, domain, enablesmtp, active) VALUES
  ('alice@example.com', 'example.com', 1, 1),
  ('bob@example.com', 'example.com', 1, 1),
  ('off@example.com', 'example.com', 1, 0),
  ('nosmtp@example.com', 'example.com', 0, 1),
  ('dave@inactive.test', 'inactive.test', 1, 1),
  ('bk@backup.test', 'backup.test', 1, 1),
  ('erin@catch.test', 'catch.test', 1, 1);

INSERT INTO forwardings (address, forwarding, domain, dest_domain, is_forwarding, active) VALUES
  -- Every mailbox has a row to itself; alice forwards to bob as well.
  ('alice@example.com', 'alice@example.com', 'example.com', 'example.com', 1, 1),
  ('alice@example.com', 'bob@example.com', 'example.com', 'example.com', 1, 1),
  ('bob@example.com', 'bob@example.com', 'example.com', 'example.com', 1, 1),
  ('off@example.com', 'off@example.com', 'example.com', 'example.com', 1, 0),
  ('nosmtp@example.com', 'nosmtp@example.com', 'example.com', 'example.com', 1, 1),
  ('dave@inactive.test', 'dave@inactive.test', 'inactive.test', 'inactive.test', 1, 1),
  ('bk@backup.test', 'bk@backup.test', 'backup.test', 'backup.test', 1, 1),
  ('erin@catch.test', 'erin@catch.test', 'catch.test', 'catch.test', 1, 1);

INSERT INTO forwardings (address, forwarding, domain, dest_domain, is_alias, active) VALUES
  ('al@example.com', 'alice@example.com', 'example.com', 'example.com', 1, 1),
  ('oldal@example.com', 'alice@example.com', 'example.com', 'example.com', 1, 0),
  ('foo@catch.test', 'alice@example.com', 'catch.test', 'example.com', 1, 1);

-- An alias account with two members, and a catch-all: its address is the bare domain.
INSERT INTO alias (address, domain) VALUES ('sales@example.com', 'example.com');
INSERT INTO forwardings (address, forwarding, domain, dest_domain, is_list) VALUES
  ('sales@example.com', 'alice@example.com', 'example.com', 'example.com', 1),
  ('sales@example.com', 'bob@example.com', 'example.com', 'example.com', 1);
INSERT INTO forwardings (address, forwarding, domain, dest_domain) VALUES
  ('catch.test', 'erin@catch.test', 'catch.test', 'catch.test');

INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
  ('alias.test', 'example.com', 1),
  ('oldalias.test', 'example.com', 0),
  ('catchalias.test', 'catch.test', 1);
