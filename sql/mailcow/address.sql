-- mailcow: who owns the address.

-- Every mailbox has an alias row to itself, so one query finds mailboxes and aliases. Since 2026-01 an alias can be for
-- receiving only (sender_allowed = 0); older schemas have no such column.
-- if include_alias
SELECT a.goto
  FROM alias AS a
 WHERE a.address = :email AND a.active = 1
   AND a.sender_allowed = 1  -- if alias.sender_allowed
   AND (EXISTS (SELECT 1 FROM domain AS d WHERE d.domain = a.domain AND d.active = 1)
     OR EXISTS (SELECT 1 FROM alias_domain AS ad WHERE ad.alias_domain = a.domain AND ad.active = 1))
-- end
-- if not include_alias
SELECT m.username
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE m.username = :email AND m.active = 1 AND d.active = 1
-- end

-- A mailbox has its address in the domains that are aliases of its own; mailcow delivers no other address there.
-- if include_alias_domain
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN mailbox AS m ON m.username = CONCAT(:user, '@', ad.target_domain)
  JOIN domain AS d ON d.domain = ad.target_domain
 WHERE ad.alias_domain = :domain AND ad.active = 1 AND d.active = 1 AND m.active IN (1, 2)
-- end
