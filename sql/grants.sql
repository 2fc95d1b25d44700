-- The database account of loginmapd: it reads, and can do nothing else. Run as an administrator of MySQL or MariaDB, with
-- the password and, if it differs, the name of the database changed:
--   mysql < grants.sql
-- For an existing mail stack (preset: postfixadmin, …) grant SELECT on the columns that its queries in sql/<stack>/ read,
-- which leaves out passwords. docs/migration/<stack>.md has the statements; they begin like this:
--   GRANT SELECT (username, domain, active) ON postfix.mailbox TO 'loginmapd'@'localhost';
CREATE USER IF NOT EXISTS 'loginmapd'@'localhost' IDENTIFIED BY 'change-me';
GRANT SELECT ON loginmapd.domains TO 'loginmapd'@'localhost';
GRANT SELECT ON loginmapd.logins TO 'loginmapd'@'localhost';
GRANT SELECT ON loginmapd.addresses TO 'loginmapd'@'localhost';
GRANT SELECT ON loginmapd.catch_alls TO 'loginmapd'@'localhost';
GRANT SELECT ON loginmapd.send_as_grants TO 'loginmapd'@'localhost';
