-- The tables of Thomas Leister's mail server guide (database vmail), with rows to try the preset on.

CREATE TABLE domains (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  domain VARCHAR(255) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE accounts (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  username VARCHAR(64) NOT NULL,
  domain VARCHAR(255) NOT NULL,
  password VARCHAR(255) NOT NULL DEFAULT '',
  quota INT UNSIGNED DEFAULT 0,
  enabled BOOLEAN DEFAULT 0,
  sendonly BOOLEAN DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY (username, domain),
  FOREIGN KEY (domain) REFERENCES domains (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE aliases (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  source_username VARCHAR(64),
  source_domain VARCHAR(255) NOT NULL,
  destination_username VARCHAR(64) NOT NULL,
  destination_domain VARCHAR(255) NOT NULL,
  enabled BOOLEAN DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY (source_username, source_domain, destination_username, destination_domain),
  FOREIGN KEY (source_domain) REFERENCES domains (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO domains (domain) VALUES ('example.com'), ('catch.test');

INSERT INTO accounts (username, domain, enabled, sendonly) VALUES
  ('alice', 'example.com', 1, 0),
  ('bob', 'example.com', 1, 0),
  ('so', 'example.com', 1, 1),
  ('off', 'example.com', 0, 0),
  ('erin', 'catch.test', 1, 0);

INSERT INTO aliases (source_username, source_domain, destination_username, destination_domain, enabled) VALUES
  ('sales', 'example.com', 'alice', 'example.com', 1),
  ('sales', 'example.com', 'bob', 'example.com', 1),
  ('old', 'example.com', 'alice', 'example.com', 0),
  -- alice forwards to bob as well.
  ('alice', 'example.com', 'bob', 'example.com', 1),
  (NULL, 'catch.test', 'erin', 'catch.test', 1);
