-- The tables of the ISPmail guide (database mailserver), with rows to try the preset on.

CREATE TABLE virtual_domains (
  id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(50) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

CREATE TABLE virtual_users (
  id INT NOT NULL AUTO_INCREMENT,
  domain_id INT NOT NULL,
  email VARCHAR(100) NOT NULL,
  password VARCHAR(150) NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  UNIQUE KEY email (email),
  FOREIGN KEY (domain_id) REFERENCES virtual_domains (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

-- The guide gives source no index. One makes lookups fast whatever the number of aliases:
--   CREATE INDEX source ON virtual_aliases (source);
CREATE TABLE virtual_aliases (
  id INT NOT NULL AUTO_INCREMENT,
  domain_id INT NOT NULL,
  source VARCHAR(100) NOT NULL,
  destination VARCHAR(100) NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY (domain_id) REFERENCES virtual_domains (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3;

INSERT INTO virtual_domains (id, name) VALUES (1, 'example.com'), (2, 'catch.test');

INSERT INTO virtual_users (domain_id, email) VALUES
  (1, 'alice@example.com'), (1, 'bob@example.com'), (2, 'erin@catch.test');

INSERT INTO virtual_aliases (domain_id, source, destination) VALUES
  -- alice forwards to bob as well.
  (1, 'alice@example.com', 'alice@example.com'),
  (1, 'alice@example.com', 'bob@example.com'),
  (1, 'sales@example.com', 'alice@example.com'),
  (1, 'sales@example.com', 'bob@example.com'),
  (1, 'chain@example.com', 'sales@example.com'),
  -- A catch-all needs a row of its own for every mailbox, or it would take their mail too.
  (2, 'erin@catch.test', 'erin@catch.test'),
  (2, '@catch.test', 'erin@catch.test'),
  (2, '@catch.test', 'bob@example.com');
