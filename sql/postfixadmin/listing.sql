-- PostfixAdmin: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and
-- no owner, which keeps the catch-all away), and what the row is.
SELECT m.username, CASE WHEN m.active = '1' THEN m.username END, 'address'
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE d.active = '1'

-- The rows of mailboxes hold forwards; those of aliases say who owns them. Without include_alias, or in a domain that is
-- switched off or only an alias of another, they only keep the catch-all away.
UNION ALL
SELECT a.address,
       CASE WHEN a.active = '1' AND d.active = '1' THEN a.goto END,  -- if include_alias
       NULL,                                                     -- if not include_alias
       'alias'
  FROM alias AS a
  LEFT JOIN domain AS d ON d.domain = a.domain
 WHERE a.address NOT LIKE '@%'
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)

-- The same in the domains that are aliases of another.
-- if include_alias_domain
UNION ALL
SELECT CONCAT(LEFT(m.username, CHAR_LENGTH(m.username) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       CASE WHEN m.active = '1' THEN m.username END,
       'alias'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN mailbox AS m ON m.domain = ad.target_domain
 WHERE ad.active = '1' AND d.active = '1'
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = ad.alias_domain AND o.active = '0')
UNION ALL
SELECT CONCAT(LEFT(a.address, CHAR_LENGTH(a.address) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       CASE WHEN a.active = '1' THEN a.goto END,  -- if include_alias
       NULL,                                    -- if not include_alias
       'alias'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN alias AS a ON a.domain = ad.target_domain
 WHERE ad.active = '1' AND d.active = '1' AND a.address NOT LIKE '@%'
   AND NOT EXISTS (SELECT 1 FROM mailbox AS x WHERE x.username = a.address)
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = ad.alias_domain AND o.active = '0')
-- end

-- if include_catchall
UNION ALL
SELECT a.address, a.goto, 'catch-all'
  FROM alias AS a
  JOIN domain AS d ON d.domain = a.domain
 WHERE a.address LIKE '@%' AND a.active = '1' AND d.active = '1'
-- end
-- if include_catchall and include_alias_domain
UNION ALL
SELECT CONCAT('@', ad.alias_domain), a.goto, 'catch-all'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN alias AS a ON a.address = CONCAT('@', ad.target_domain)
 WHERE ad.active = '1' AND d.active = '1' AND a.active = '1'
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = ad.alias_domain AND o.active = '0')
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM domain AS d
 WHERE d.active = '1' AND d.domain <> 'ALL'
-- end
-- if extra_owners and include_alias_domain
UNION ALL
SELECT CONCAT('@', ad.alias_domain), :extra_owners, 'grant'
  FROM alias_domain AS ad
 WHERE ad.active = '1'
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = ad.alias_domain AND o.active = '0')
-- end
