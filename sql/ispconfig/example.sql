-- The part of ISPConfig's schema (database dbispconfig) that the preset reads, with rows to try it on. Not for production:
-- ISPConfig makes its own tables.

CREATE TABLE mail_domain (
  domain_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  server_id INT UNSIGNED NOT NULL DEFAULT 0,
  domain VARCHAR(255) NOT NULL DEFAULT '',
  active ENUM('n','y') NOT NULL DEFAULT 'n',
  PRIMARY KEY (domain_id),
  KEY server_id (server_id, domain),
  KEY domain_active (domain, active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

CREATE TABLE mail_user (
  mailuser_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  server_id INT UNSIGNED NOT NULL DEFAULT 0,
  email VARCHAR(255) NOT NULL DEFAULT '',
  login VARCHAR(255) NOT NULL DEFAULT '',
  password VARCHAR(255) NOT NULL DEFAULT '',
  cc TEXT,
  postfix ENUM('n','y') NOT NULL DEFAULT 'y',
  access ENUM('n','y') NOT NULL DEFAULT 'y',
  disabledeliver ENUM('n','y') NOT NULL DEFAULT 'n',
  disablesmtp ENUM('n','y') NOT NULL DEFAULT 'n',
  PRIMARY KEY (mailuser_id),
  KEY server_id (server_id, email),
  KEY email_access (email, access)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

CREATE TABLE mail_forwarding (
  forwarding_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  server_id INT UNSIGNED NOT NULL DEFAULT 0,
  source VARCHAR(255) NOT NULL DEFAULT '',
  destination TEXT,
  type ENUM('alias','aliasdomain','forward','catchall') NOT NULL DEFAULT 'alias',
  active ENUM('n','y') NOT NULL DEFAULT 'n',
  allow_send_as ENUM('n','y') NOT NULL DEFAULT 'n',
  PRIMARY KEY (forwarding_id),
  KEY server_id (server_id, source),
  KEY type (type)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

INSERT INTO mail_domain (server_id, domain, active) VALUES
  (1, 'example.com', 'y'), (1, 'inactive.test', 'n'), (1, 'catch.test', 'y'), (1, 'alias.test', 'y'),
  (1, 'offalias.test', 'n'), (2, 'second.test', 'y');

INSERT INTO mail_user (server_id, email, login, cc, disabledeliver, disablesmtp) VALUES
  (1, 'alice@example.com', 'alice@example.com', '', 'n', 'n'),
  (1, 'bob@example.com', 'web1bob', '', 'n', 'n'),
  (1, 'nosmtp@example.com', 'nosmtp@example.com', '', 'n', 'y'),
  -- These deliver nothing themselves; copies go to alice and bob, or to nobody.
  (1, 'fwd@example.com', 'fwd@example.com', 'alice@example.com, bob@example.com', 'y', 'n'),
  (1, 'fwd2@example.com', 'fwd2@example.com', NULL, 'y', 'n'),
  (1, 'dave@inactive.test', 'dave@inactive.test', '', 'n', 'n'),
  (1, 'erin@catch.test', 'erin@catch.test', '', 'n', 'n'),
  (2, 'x@second.test', 'x@second.test', '', 'n', 'n');

INSERT INTO mail_forwarding (server_id, source, destination, type, active, allow_send_as) VALUES
  (1, 'al@example.com', 'alice@example.com', 'alias', 'y', 'y'),
  (1, 'noas@example.com', 'alice@example.com', 'alias', 'y', 'n'),
  (1, 'offal@example.com', 'alice@example.com', 'alias', 'n', 'y'),
  (1, 'sales@example.com', 'alice@example.com, bob@example.com', 'forward', 'y', 'y'),
  (1, 'plainfwd@example.com', 'alice@example.com', 'forward', 'y', 'n'),
  (1, '@catch.test', 'erin@catch.test', 'catchall', 'y', 'y'),
  (1, '@alias.test', '@example.com', 'aliasdomain', 'y', 'n'),
  (1, '@oldalias.test', '@example.com', 'aliasdomain', 'n', 'n'),
  (1, '@offalias.test', '@example.com', 'aliasdomain', 'y', 'n'),
  (1, '@catchalias.test', '@catch.test', 'aliasdomain', 'y', 'n');
