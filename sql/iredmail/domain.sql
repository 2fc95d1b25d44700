-- iRedMail: who owns every address of the domain that has no row of its own. The address of a catch-all is the bare domain,
-- without @.

-- if include_catchall
SELECT m.username
  FROM forwardings AS f
  JOIN domain AS d ON d.domain = f.address
  JOIN mailbox AS m ON m.username = f.forwarding
 WHERE f.address = :domain AND f.active = 1 AND d.active = 1 AND d.backupmx = 0
   AND m.active = 1 AND m.enablesmtp = 1
   AND NOT EXISTS (SELECT 1 FROM forwardings AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM mailbox AS y WHERE y.username = :email)
-- end
-- if include_catchall and include_alias_domain
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN forwardings AS f ON f.address = ad.target_domain
  JOIN mailbox AS m ON m.username = f.forwarding
 WHERE ad.alias_domain = :domain AND ad.active = 1 AND f.active = 1 AND d.active = 1 AND d.backupmx = 0
   AND m.active = 1 AND m.enablesmtp = 1
   AND NOT EXISTS (SELECT 1 FROM forwardings AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM forwardings AS x WHERE x.address = CONCAT(:user, '@', ad.target_domain))
   AND NOT EXISTS (SELECT 1 FROM mailbox AS y WHERE y.username = CONCAT(:user, '@', ad.target_domain))
-- end
