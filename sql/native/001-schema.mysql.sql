-- loginmapd's own schema for MySQL (8.0 or later) and MariaDB (10.4 or later). Load it once, into an empty database:
--   mysql loginmapd < 001-schema.mysql.sql
-- Files here are numbered and only ever added to: a later release brings 002-….sql, never another 001.
--
-- Every key is lower case, and every domain is an A-label (xn--…), as loginmapd folds what Postfix asks. The collation is
-- binary, so that nothing but the address itself matches: no accents, no width, no case. A domain with letters beyond ASCII
-- would never be found, so it is refused.

CREATE TABLE domains (
  domain VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain),
  KEY domains_active (active, domain),
  CONSTRAINT domains_folded CHECK (domain = LOWER(domain) AND domain <> ''),
  CONSTRAINT domains_a_label CHECK (LENGTH(domain) = CHAR_LENGTH(domain))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- SASL logins, spelled as Dovecot or Cyrus returns them. A login that is not active owns nothing.
CREATE TABLE logins (
  login VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (login),
  CONSTRAINT logins_one_word CHECK (login <> '' AND login NOT LIKE '%,%' AND login NOT LIKE '% %')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who may send as localpart@domain: a mailbox has one row with its own login, a shared address one row per login.
CREATE TABLE addresses (
  domain VARCHAR(255) NOT NULL,
  localpart VARCHAR(255) NOT NULL,
  login VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, localpart, login),
  KEY addresses_login (login),
  CONSTRAINT addresses_domain FOREIGN KEY (domain) REFERENCES domains (domain) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT addresses_owner FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT addresses_folded CHECK (localpart = LOWER(localpart) AND localpart <> '')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who owns every address of a domain that has no row in addresses, active or not.
CREATE TABLE catch_alls (
  domain VARCHAR(255) NOT NULL,
  login VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, login),
  KEY catch_alls_login (login),
  CONSTRAINT catch_alls_domain FOREIGN KEY (domain) REFERENCES domains (domain) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT catch_alls_owner FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Who may send as an address on top of its owners, also in domains of others: one address (localpart and domain), a whole
-- domain (localpart ''), or everything (localpart '', domain '*').
CREATE TABLE send_as_grants (
  domain VARCHAR(255) NOT NULL,
  localpart VARCHAR(255) NOT NULL DEFAULT '',
  login VARCHAR(255) NOT NULL,
  active TINYINT(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, localpart, login),
  KEY send_as_grants_login (login),
  CONSTRAINT send_as_grants_holder FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT send_as_grants_folded CHECK (domain = LOWER(domain) AND domain <> '' AND localpart = LOWER(localpart)),
  CONSTRAINT send_as_grants_a_label CHECK (LENGTH(domain) = CHAR_LENGTH(domain)),
  CONSTRAINT send_as_grants_everything CHECK (domain <> '*' OR localpart = '')
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
