-- The part of ViMbAdmin's schema that the preset reads, with rows to try it on. Not for production: ViMbAdmin makes its own
-- tables.

CREATE TABLE domain (
  id BIGINT NOT NULL AUTO_INCREMENT,
  domain VARCHAR(255) NOT NULL,
  max_aliases INT NOT NULL DEFAULT 0,
  max_mailboxes INT NOT NULL DEFAULT 0,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

CREATE TABLE mailbox (
  id BIGINT NOT NULL AUTO_INCREMENT,
  username VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  delete_pending TINYINT(1),
  access_restriction VARCHAR(100),
  Domain_id BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY username (username),
  FOREIGN KEY (Domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

CREATE TABLE alias (
  id BIGINT NOT NULL AUTO_INCREMENT,
  address VARCHAR(255) NOT NULL,
  goto LONGTEXT NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  Domain_id BIGINT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY address (address),
  FOREIGN KEY (Domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

INSERT INTO domain (id, domain, active) VALUES (1, 'example.com', 1), (2, 'inactive.test', 0), (3, 'catch.test', 1);

INSERT INTO mailbox (username, active, delete_pending, Domain_id) VALUES
  ('alice@example.com', 1, NULL, 1),
  ('bob@example.com', 1, 0, 1),
  ('off@example.com', 0, NULL, 1),
  ('leaving@example.com', 1, 1, 1),
  ('dave@inactive.test', 1, NULL, 2),
  ('erin@catch.test', 1, NULL, 3);

INSERT INTO alias (address, goto, active, Domain_id) VALUES
  ('alice@example.com', 'alice@example.com,bob@example.com', 1, 1),
  ('bob@example.com', 'bob@example.com', 1, 1),
  ('off@example.com', 'off@example.com', 1, 1),
  ('leaving@example.com', 'leaving@example.com', 1, 1),
  ('dave@inactive.test', 'dave@inactive.test', 1, 2),
  ('erin@catch.test', 'erin@catch.test', 1, 3),
  ('sales@example.com', 'alice@example.com,bob@example.com', 1, 1),
  ('offal@example.com', 'alice@example.com', 0, 1),
  ('info@inactive.test', 'alice@example.com', 1, 2),
  ('@catch.test', 'erin@catch.test', 1, 3);
