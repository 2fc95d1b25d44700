-- The part of Modoboa's schema on MySQL that the preset reads, with rows to try it on. Not for production: Modoboa makes its
-- own tables.

CREATE TABLE core_user (
  id INT NOT NULL AUTO_INCREMENT,
  username VARCHAR(254) NOT NULL,
  email VARCHAR(254) NOT NULL,
  is_active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY username (username),
  KEY core_user_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE admin_domain (
  id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL,
  type VARCHAR(20) NOT NULL DEFAULT 'domain',
  enabled TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE admin_domainalias (
  id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL,
  target_id INT NOT NULL,
  enabled TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY name (name),
  FOREIGN KEY (target_id) REFERENCES admin_domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE admin_mailbox (
  id INT NOT NULL AUTO_INCREMENT,
  address VARCHAR(252) NOT NULL,
  domain_id INT NOT NULL,
  user_id INT NOT NULL,
  is_send_only TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  FOREIGN KEY (domain_id) REFERENCES admin_domain (id),
  FOREIGN KEY (user_id) REFERENCES core_user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE admin_alias (
  id INT NOT NULL AUTO_INCREMENT,
  address VARCHAR(254) NOT NULL,
  domain_id INT,
  enabled TINYINT(1) NOT NULL DEFAULT 1,
  internal TINYINT(1) NOT NULL DEFAULT 0,
  expire_at DATETIME(6),
  PRIMARY KEY (id),
  UNIQUE KEY address_internal (address, internal),
  FOREIGN KEY (domain_id) REFERENCES admin_domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE modoboa_admin_aliasrecipient (
  id INT NOT NULL AUTO_INCREMENT,
  address VARCHAR(254) NOT NULL,
  alias_id INT NOT NULL,
  r_mailbox_id INT,
  r_alias_id INT,
  PRIMARY KEY (id),
  FOREIGN KEY (alias_id) REFERENCES admin_alias (id),
  FOREIGN KEY (r_mailbox_id) REFERENCES admin_mailbox (id),
  FOREIGN KEY (r_alias_id) REFERENCES admin_alias (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE admin_senderaddress (
  id INT NOT NULL AUTO_INCREMENT,
  address VARCHAR(254) NOT NULL,
  mailbox_id INT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY address_mailbox (address, mailbox_id),
  FOREIGN KEY (mailbox_id) REFERENCES admin_mailbox (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO core_user (id, username, email, is_active) VALUES
  (1, 'alice@example.com', 'alice@example.com', '1'),
  (2, 'bob@example.com', 'bob@example.com', '1'),
  (3, 'off@example.com', 'off@example.com', '0'),
  (4, 'dave@inactive.test', 'dave@inactive.test', '1'),
  (5, 'erin@catch.test', 'erin@catch.test', '1'),
  (6, 'admin', 'admin@elsewhere.test', '1'),
  (7, 'carol@example.com', 'carol@example.com', '1');

INSERT INTO admin_domain (id, name, enabled) VALUES
  (1, 'example.com', '1'), (2, 'inactive.test', '0'), (3, 'catch.test', '1');

INSERT INTO admin_domainalias (name, target_id, enabled) VALUES ('alias.test', 1, '1'), ('oldalias.test', 1, '0');

INSERT INTO admin_mailbox (id, address, domain_id, user_id) VALUES
  (1, 'alice', 1, 1), (2, 'bob', 1, 2), (3, 'off', 1, 3), (4, 'dave', 2, 4), (5, 'erin', 3, 5), (6, 'carol', 1, 7);

INSERT INTO admin_alias (id, address, domain_id, enabled, internal, expire_at) VALUES
  -- Every mailbox has an internal alias; carol's forwards to bob as well.
  (1, 'alice@example.com', 1, '1', '1', NULL),
  (2, 'bob@example.com', 1, '1', '1', NULL),
  (3, 'off@example.com', 1, '1', '1', NULL),
  (4, 'dave@inactive.test', 2, '1', '1', NULL),
  (5, 'erin@catch.test', 3, '1', '1', NULL),
  (6, 'sales@example.com', 1, '1', '0', NULL),
  (7, 'exp@example.com', 1, '1', '0', '2020-01-01 00:00:00'),
  (8, 'offal@example.com', 1, '0', '0', NULL),
  (9, 'chain@example.com', 1, '1', '0', NULL),
  (10, '@catch.test', 3, '1', '0', NULL),
  (11, 'soon@example.com', 1, '1', '0', UTC_TIMESTAMP() + INTERVAL '1' HOUR),
  (12, 'gone@example.com', 1, '1', '0', UTC_TIMESTAMP() - INTERVAL '1' MINUTE),
  (13, 'carol@example.com', 1, '1', '1', NULL);

INSERT INTO modoboa_admin_aliasrecipient (address, alias_id, r_mailbox_id, r_alias_id) VALUES
  ('alice@example.com', 1, 1, NULL),
  ('bob@example.com', 2, 2, NULL),
  ('off@example.com', 3, 3, NULL),
  ('dave@inactive.test', 4, 4, NULL),
  ('erin@catch.test', 5, 5, NULL),
  ('alice@example.com', 6, 1, NULL),
  ('bob@example.com', 6, 2, NULL),
  ('alice@example.com', 7, 1, NULL),
  ('alice@example.com', 8, 1, NULL),
  ('sales@example.com', 9, NULL, 6),
  ('erin@catch.test', 10, 5, NULL),
  ('alice@example.com', 11, 1, NULL),
  ('alice@example.com', 12, 1, NULL),
  ('carol@example.com', 13, 6, NULL),
  ('bob@example.com', 13, 2, NULL);

INSERT INTO admin_senderaddress (address, mailbox_id) VALUES
  ('ceo@partner.test', 1), ('@news.test', 2), ('alice@example.com', 2);
