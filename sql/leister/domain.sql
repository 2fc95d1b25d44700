-- Thomas Leister's vmail schema: who owns every address of the domain that has no row of its own. A catch-all has no
-- source_username.

-- if include_catchall
SELECT CONCAT(al.destination_username, '@', al.destination_domain)
  FROM aliases AS al
 WHERE al.source_username IS NULL AND al.source_domain = :domain AND al.enabled = 1
   AND NOT EXISTS (SELECT 1 FROM accounts AS x WHERE x.username = :user AND x.domain = :domain)
   AND NOT EXISTS (SELECT 1 FROM aliases AS y WHERE y.source_username = :user AND y.source_domain = :domain)
-- end
