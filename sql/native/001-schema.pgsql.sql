-- loginmapd's own schema for PostgreSQL (12 or later). Load it once, into an empty database that is encoded in UTF8:
--   psql -d loginmapd -f 001-schema.pgsql.sql
-- The same tables, columns and rules as 001-schema.mysql.sql.
-- Files here are numbered and only ever added to: a later release brings 002-….sql, never another 001.
--
-- Every key is lower case, and every domain is an A-label (xn--…), as loginmapd folds what Postfix asks. Text is compared byte
-- by byte (COLLATE "C"), so that nothing but the address itself matches. A domain with letters beyond ASCII would never be
-- found, so it is refused.

CREATE TABLE domains (
  domain TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (domain),
  CONSTRAINT domains_folded CHECK (domain = LOWER(domain) AND domain <> ''),
  CONSTRAINT domains_a_label CHECK (OCTET_LENGTH(domain) = CHAR_LENGTH(domain))
);
CREATE INDEX domains_active ON domains (active, domain);

-- SASL logins, spelled as Dovecot or Cyrus returns them. A login that is not active owns nothing.
CREATE TABLE logins (
  login TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (login),
  CONSTRAINT logins_one_word CHECK (login <> '' AND login NOT LIKE '%,%' AND login NOT LIKE '% %')
);

-- Who may send as localpart@domain: a mailbox has one row with its own login, a shared address one row per login.
CREATE TABLE addresses (
  domain TEXT COLLATE "C" NOT NULL,
  localpart TEXT COLLATE "C" NOT NULL,
  login TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, localpart, login),
  CONSTRAINT addresses_domain FOREIGN KEY (domain) REFERENCES domains (domain) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT addresses_owner FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT addresses_folded CHECK (localpart = LOWER(localpart COLLATE "default") AND localpart <> '')
);
CREATE INDEX addresses_login ON addresses (login);

-- Who owns every address of a domain that has no row in addresses, active or not.
CREATE TABLE catch_alls (
  domain TEXT COLLATE "C" NOT NULL,
  login TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, login),
  CONSTRAINT catch_alls_domain FOREIGN KEY (domain) REFERENCES domains (domain) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT catch_alls_owner FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX catch_alls_login ON catch_alls (login);

-- Who may send as an address on top of its owners, also in domains of others: one address (localpart and domain), a whole
-- domain (localpart ''), or everything (localpart '', domain '*').
CREATE TABLE send_as_grants (
  domain TEXT COLLATE "C" NOT NULL,
  localpart TEXT COLLATE "C" NOT NULL DEFAULT '',
  login TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (domain, localpart, login),
  CONSTRAINT send_as_grants_holder FOREIGN KEY (login) REFERENCES logins (login) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT send_as_grants_folded
    CHECK (domain = LOWER(domain) AND domain <> '' AND localpart = LOWER(localpart COLLATE "default")),
  CONSTRAINT send_as_grants_a_label CHECK (OCTET_LENGTH(domain) = CHAR_LENGTH(domain)),
  CONSTRAINT send_as_grants_everything CHECK (domain <> '*' OR localpart = '')
);
CREATE INDEX send_as_grants_login ON send_as_grants (login);
