-- The database account of loginmapd in PostgreSQL: it reads, and can do nothing else. Run as an administrator in the database
-- that holds the tables, with the password and, if it differs, the name of the database changed:
--   psql -d loginmapd -f grants.pgsql.sql
-- For an existing mail stack (preset: postfixadmin, …) grant SELECT on the columns that its queries in sql/<stack>/ read,
-- which leaves out passwords. docs/migration/<stack>.md has the statements; they begin like this:
--   GRANT SELECT (username, domain, active) ON mailbox TO loginmapd;
CREATE ROLE loginmapd LOGIN PASSWORD 'change-me';
GRANT CONNECT ON DATABASE loginmapd TO loginmapd;
GRANT USAGE ON SCHEMA public TO loginmapd;
GRANT SELECT ON domains, logins, addresses, catch_alls, send_as_grants TO loginmapd;
