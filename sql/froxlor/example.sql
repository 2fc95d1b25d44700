-- The part of Froxlor's schema that the preset reads, with rows to try it on. Not for production: Froxlor makes its own tables.

CREATE TABLE panel_customers (
  customerid INT NOT NULL AUTO_INCREMENT,
  loginname VARCHAR(50) NOT NULL DEFAULT '',
  deactivated TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (customerid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;

CREATE TABLE panel_domains (
  id INT NOT NULL AUTO_INCREMENT,
  domain VARCHAR(255) NOT NULL DEFAULT '',
  customerid INT NOT NULL DEFAULT 0,
  isemaildomain TINYINT(1) NOT NULL DEFAULT 0,
  deactivated TINYINT(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  KEY customerid (customerid),
  KEY domain (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;

CREATE TABLE mail_users (
  id INT NOT NULL AUTO_INCREMENT,
  email VARCHAR(255) NOT NULL DEFAULT '',
  username VARCHAR(255) NOT NULL DEFAULT '',
  postfix ENUM('Y','N') NOT NULL DEFAULT 'Y',
  domainid INT NOT NULL DEFAULT 0,
  customerid INT NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;

CREATE TABLE mail_virtual (
  id INT NOT NULL AUTO_INCREMENT,
  email VARCHAR(255) NOT NULL DEFAULT '',
  email_full VARCHAR(255) NOT NULL DEFAULT '',
  destination TEXT,
  domainid INT NOT NULL DEFAULT 0,
  customerid INT NOT NULL DEFAULT 0,
  popaccountid INT NOT NULL DEFAULT 0,
  iscatchall TINYINT(1) UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  KEY email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;

-- Since Froxlor 2.3.0. Its index begins with the mailbox, so an allowed sender is found by reading the whole index.
CREATE TABLE mail_sender_aliases (
  id INT NOT NULL AUTO_INCREMENT,
  email VARCHAR(255) NOT NULL,
  allowed_sender VARCHAR(255) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY email_sender (email, allowed_sender)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;

INSERT INTO panel_customers (customerid, loginname, deactivated) VALUES (1, 'cust1', 0), (2, 'cust2', 1);

INSERT INTO panel_domains (id, domain, customerid, isemaildomain) VALUES
  (1, 'example.com', 1, 1), (2, 'catch.test', 1, 1), (3, 'cust2.test', 2, 1);

INSERT INTO mail_users (id, email, username, domainid, customerid) VALUES
  (1, 'alice@example.com', 'alice@example.com', 1, 1),
  (2, 'bob@example.com', 'bob@example.com', 1, 1),
  (3, 'info@catch.test', 'info@catch.test', 2, 1),
  (4, 'dead@cust2.test', 'dead@cust2.test', 3, 2);

INSERT INTO mail_virtual (email, email_full, destination, domainid, customerid, popaccountid, iscatchall) VALUES
  ('alice@example.com', 'alice@example.com', 'alice@example.com', 1, 1, 1, 0),
  ('bob@example.com', 'bob@example.com', 'bob@example.com', 1, 1, 2, 0),
  ('dead@cust2.test', 'dead@cust2.test', 'dead@cust2.test', 3, 2, 4, 0),
  -- Forwarders without a mailbox, to one and to two.
  ('sales@example.com', 'sales@example.com', 'alice@example.com', 1, 1, 0, 0),
  ('team@example.com', 'team@example.com', 'alice@example.com bob@example.com', 1, 1, 0, 0),
  -- A mailbox that is the catch-all of its domain.
  ('@catch.test', 'info@catch.test', 'info@catch.test', 2, 1, 3, 1);

INSERT INTO mail_sender_aliases (email, allowed_sender) VALUES
  ('bob@example.com', 'ceo@partner.test'), ('bob@example.com', '@example.com'), ('alice@example.com', '@news.test');
