-- ViMbAdmin: who owns every address of the domain that has no row of its own.

-- if include_catchall
SELECT a.goto
  FROM alias AS a
  JOIN domain AS d ON d.id = a.Domain_id
 WHERE a.address = CONCAT('@', :domain) AND a.active = 1 AND d.active = 1
   AND NOT EXISTS (SELECT 1 FROM alias AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM mailbox AS y WHERE y.username = :email)
-- end
