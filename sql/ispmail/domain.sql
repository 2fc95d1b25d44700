-- ISPmail: who owns every address of the domain that has no row of its own.

-- if include_catchall
SELECT a.destination
  FROM virtual_aliases AS a
 WHERE a.source = CONCAT('@', :domain)
   AND NOT EXISTS (SELECT 1 FROM virtual_aliases AS x WHERE x.source = :email)
   AND NOT EXISTS (SELECT 1 FROM virtual_users AS y WHERE y.email = :email)
-- end
