-- Who owns every address of the domain that has no row of its own. An address that was switched off stays without owner.
SELECT c.login
  FROM catch_alls AS c
  JOIN domains AS d ON d.domain = c.domain
  JOIN logins AS l ON l.login = c.login
 WHERE c.domain = :domain
   AND c.active = 1 AND d.active = 1 AND l.active = 1
   AND NOT EXISTS (SELECT 1 FROM addresses AS x WHERE x.domain = :domain AND x.localpart = :user)
