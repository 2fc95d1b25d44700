-- Mail-in-a-Box: who owns every address of the domain that has no row of its own. A row whose destination is a domain
-- ('@target') is a domain alias and owns nothing by itself.

-- if include_catchall
SELECT COALESCE(a.permitted_senders, a.destination)
  FROM aliases AS a
 WHERE a.source = '@' || :domain AND (a.permitted_senders IS NOT NULL OR a.destination NOT LIKE '@%')
   AND NOT EXISTS (SELECT 1 FROM users AS x WHERE x.email = :email)
   AND NOT EXISTS (SELECT 1 FROM aliases AS y WHERE y.source = :email)
-- end
