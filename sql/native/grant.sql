-- Who may send as the address on top of its owners: by a grant to it, to its domain, or to everything.
-- A domain of ours that is switched off stays so; one that is not ours needs no row in domains.
SELECT g.login
  FROM send_as_grants AS g
  JOIN logins AS l ON l.login = g.login
 WHERE g.domain IN (:domain, '*') AND g.localpart IN (:user, '')
   AND g.active = 1 AND l.active = 1
   AND NOT EXISTS (SELECT 1 FROM domains AS d WHERE d.domain = :domain AND d.active = 0)
