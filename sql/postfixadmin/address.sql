-- PostfixAdmin: who owns the address.

-- The login of a mailbox owns its address.
SELECT m.username
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE m.username = :email AND m.active = '1' AND d.active = '1'

-- The targets of an alias own its address. The alias row that every mailbox has holds its forwards: they hand mail on, not
-- the right to send, so the rows of mailboxes are left out.
-- if include_alias
UNION
SELECT a.goto
  FROM alias AS a
  JOIN domain AS d ON d.domain = a.domain
 WHERE a.address = :email AND a.active = '1' AND d.active = '1'
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)
-- end

-- The same in the domains that are aliases of another, unless such a domain is itself switched off.
-- if include_alias_domain
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN mailbox AS m ON m.username = CONCAT(:user, '@', ad.target_domain)
 WHERE ad.alias_domain = :domain AND ad.active = '1' AND d.active = '1' AND m.active = '1'
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = :domain AND o.active = '0')
-- end
-- if include_alias_domain and include_alias
UNION
SELECT a.goto
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN alias AS a ON a.address = CONCAT(:user, '@', ad.target_domain)
 WHERE ad.alias_domain = :domain AND ad.active = '1' AND d.active = '1' AND a.active = '1'
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = :domain AND o.active = '0')
-- end
