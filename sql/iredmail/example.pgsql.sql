-- The part of iRedMail's PostgreSQL schema (database vmail) that the preset reads. Not for production: iRedMail makes its own
-- tables. The rows to try it on are those of example.sql, which both databases take:
--   psql -d vmail -f example.pgsql.sql && sed -n '/^INSERT/,$p' example.sql | psql -d vmail

CREATE TABLE domain (
  domain VARCHAR(255) NOT NULL DEFAULT '' PRIMARY KEY,
  transport VARCHAR(255) NOT NULL DEFAULT 'dovecot',
  backupmx INT2 NOT NULL DEFAULT 0,
  active INT2 NOT NULL DEFAULT 1
);
CREATE INDEX idx_domain_backupmx ON domain (backupmx);
CREATE INDEX idx_domain_active ON domain (active);

CREATE TABLE mailbox (
  username VARCHAR(255) NOT NULL DEFAULT '' PRIMARY KEY,
  password VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  enablesmtp INT2 NOT NULL DEFAULT 1,
  enablesmtpsecured INT2 NOT NULL DEFAULT 1,
  active INT2 NOT NULL DEFAULT 1
);
CREATE INDEX idx_mailbox_domain ON mailbox (domain);
CREATE INDEX idx_mailbox_enablesmtp ON mailbox (enablesmtp);
CREATE INDEX idx_mailbox_active ON mailbox (active);

CREATE TABLE alias (
  address VARCHAR(255) NOT NULL DEFAULT '' PRIMARY KEY,
  domain VARCHAR(255) NOT NULL DEFAULT '',
  active INT2 NOT NULL DEFAULT 1
);
CREATE INDEX idx_alias_domain ON alias (domain);

CREATE TABLE forwardings (
  id SERIAL PRIMARY KEY,
  address VARCHAR(255) NOT NULL DEFAULT '',
  forwarding VARCHAR(255) NOT NULL DEFAULT '',
  domain VARCHAR(255) NOT NULL DEFAULT '',
  dest_domain VARCHAR(255) NOT NULL DEFAULT '',
  is_maillist INT2 NOT NULL DEFAULT 0,
  is_list INT2 NOT NULL DEFAULT 0,
  is_forwarding INT2 NOT NULL DEFAULT 0,
  is_alias INT2 NOT NULL DEFAULT 0,
  active INT2 NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX idx_forwardings_address_forwarding ON forwardings (address, forwarding);
CREATE INDEX idx_forwardings_domain ON forwardings (domain);
CREATE INDEX idx_forwardings_dest_domain ON forwardings (dest_domain);
CREATE INDEX idx_forwardings_is_list ON forwardings (is_list);
CREATE INDEX idx_forwardings_is_alias ON forwardings (is_alias);

CREATE TABLE alias_domain (
  alias_domain VARCHAR(255) NOT NULL PRIMARY KEY,
  target_domain VARCHAR(255) NOT NULL,
  active INT2 NOT NULL DEFAULT 1
);
CREATE INDEX idx_alias_domain_target_domain ON alias_domain (target_domain);
CREATE INDEX idx_alias_domain_active ON alias_domain (active);
