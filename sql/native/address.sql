-- Who owns localpart@domain.
SELECT a.login
  FROM addresses AS a
  JOIN domains AS d ON d.domain = a.domain
  JOIN logins AS l ON l.login = a.login
 WHERE a.domain = :domain AND a.localpart = :user
   AND a.active = 1 AND d.active = 1 AND l.active = 1
