-- Mail-in-a-Box: every domain in which somebody may own an address.
SELECT SUBSTR(u.email, INSTR(u.email, '@') + 1) FROM users AS u
UNION
SELECT SUBSTR(a.source, INSTR(a.source, '@') + 1) FROM aliases AS a
