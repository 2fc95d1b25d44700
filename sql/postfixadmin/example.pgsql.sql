-- The part of PostfixAdmin's PostgreSQL schema that the preset reads. Not for production: PostfixAdmin makes its own tables.
-- The rows to try it on are those of example.sql, which both databases take:
--   psql -d postfix -f example.pgsql.sql && sed -n '/^INSERT/,$p' example.sql | psql -d postfix

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL PRIMARY KEY,
  description VARCHAR(255) NOT NULL DEFAULT '',
  aliases INTEGER NOT NULL DEFAULT 0,
  mailboxes INTEGER NOT NULL DEFAULT 0,
  transport VARCHAR(255),
  backupmx BOOLEAN NOT NULL DEFAULT false,
  active BOOLEAN NOT NULL DEFAULT true
);
CREATE INDEX domain_domain_active ON domain (domain, active);

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL PRIMARY KEY,
  password VARCHAR(255) NOT NULL DEFAULT '',
  name VARCHAR(255) NOT NULL DEFAULT '',
  maildir VARCHAR(255) NOT NULL DEFAULT '',
  quota BIGINT NOT NULL DEFAULT 0,
  local_part VARCHAR(255) NOT NULL,
  domain VARCHAR(255) REFERENCES domain,
  active BOOLEAN NOT NULL DEFAULT true
);
CREATE INDEX mailbox_username_active ON mailbox (username, active);
CREATE INDEX mailbox_domain_idx ON mailbox (domain);

CREATE TABLE alias (
  address VARCHAR(255) NOT NULL PRIMARY KEY,
  goto TEXT NOT NULL,
  domain VARCHAR(255) NOT NULL REFERENCES domain,
  active BOOLEAN NOT NULL DEFAULT true
);
CREATE INDEX alias_address_active ON alias (address, active);
CREATE INDEX alias_domain_idx ON alias (domain);

CREATE TABLE alias_domain (
  alias_domain VARCHAR(255) NOT NULL PRIMARY KEY REFERENCES domain (domain) ON DELETE CASCADE,
  target_domain VARCHAR(255) NOT NULL REFERENCES domain (domain) ON DELETE CASCADE,
  active BOOLEAN NOT NULL DEFAULT true
);
CREATE INDEX alias_domain_active ON alias_domain (alias_domain, active);
