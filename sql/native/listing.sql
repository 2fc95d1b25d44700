-- Every address, @domain and * with its owners: what the other queries of this folder answer, all at once. Columns: the key,
-- the owner (NULL: it has a row and no owner, which keeps the catch-all away), and what the row is.
SELECT CONCAT(a.localpart, '@', a.domain),
       CASE WHEN a.active = 1 AND l.active = 1 THEN a.login END,
       'address'
  FROM addresses AS a
  JOIN domains AS d ON d.domain = a.domain
  JOIN logins AS l ON l.login = a.login
 WHERE d.active = 1
UNION ALL
SELECT CONCAT('@', c.domain), c.login, 'catch-all'
  FROM catch_alls AS c
  JOIN domains AS d ON d.domain = c.domain
  JOIN logins AS l ON l.login = c.login
 WHERE c.active = 1 AND d.active = 1 AND l.active = 1

-- A domain that is switched off has a row too: no grant to everything holds there.
UNION ALL
SELECT CONCAT('@', d.domain), NULL, 'catch-all'
  FROM domains AS d
 WHERE d.active = 0
UNION ALL
SELECT CASE WHEN g.domain = '*' THEN '*' ELSE CONCAT(g.localpart, '@', g.domain) END, g.login, 'grant'
  FROM send_as_grants AS g
  JOIN logins AS l ON l.login = g.login
 WHERE g.active = 1 AND l.active = 1
   AND NOT EXISTS (SELECT 1 FROM domains AS d WHERE d.domain = g.domain AND d.active = 0)
