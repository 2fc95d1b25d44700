-- mailcow: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.

-- Every mailbox has an alias row to itself, so these are mailboxes and aliases.
SELECT a.address,
       CASE WHEN a.active = 1
             AND a.sender_allowed = 1  -- if alias.sender_allowed
             AND (EXISTS (SELECT 1 FROM domain AS d WHERE d.domain = a.domain AND d.active = 1)
               OR EXISTS (SELECT 1 FROM alias_domain AS ad WHERE ad.alias_domain = a.domain AND ad.active = 1))
             AND FALSE                 -- if not include_alias
            THEN a.goto END,
       CASE WHEN a.goto = a.address THEN 'address' ELSE 'alias' END
  FROM alias AS a
 WHERE a.address NOT LIKE '@%'
-- if not include_alias
UNION ALL
SELECT m.username, m.username, 'address'
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE m.active = 1 AND d.active = 1
-- end

-- A mailbox has its address in the domains that are aliases of its own. One that is switched off keeps no catch-all away there.
-- if include_alias_domain
UNION ALL
SELECT CONCAT(LEFT(m.username, CHAR_LENGTH(m.username) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       m.username,
       'alias'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN mailbox AS m ON m.domain = ad.target_domain
 WHERE ad.active = 1 AND d.active = 1 AND m.active IN (1, 2)
-- end

-- if include_catchall
UNION ALL
SELECT a.address, a.goto, 'catch-all'
  FROM alias AS a
 WHERE a.address LIKE '@%' AND a.active = 1
   AND a.sender_allowed = 1  -- if alias.sender_allowed
   AND (EXISTS (SELECT 1 FROM domain AS d WHERE d.domain = a.domain AND d.active = 1)
     OR EXISTS (SELECT 1 FROM alias_domain AS ad WHERE ad.alias_domain = a.domain AND ad.active = 1))
-- end

-- What is granted in a domain is granted in the domains that are its aliases; * is granted everywhere anyway.
UNION ALL
SELECT s.send_as, s.logged_in_as, 'grant'
  FROM sender_acl AS s
-- if include_alias_domain
UNION ALL
SELECT CONCAT(LEFT(s.send_as, CHAR_LENGTH(s.send_as) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       s.logged_in_as,
       'grant'
  FROM alias_domain AS ad
  JOIN sender_acl AS s ON SUBSTRING_INDEX(s.send_as, '@', -1) = ad.target_domain
 WHERE ad.active = 1 AND s.send_as LIKE '%@%'
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM domain AS d
 WHERE d.active = 1
-- end
-- if extra_owners and include_alias_domain
UNION ALL
SELECT CONCAT('@', ad.alias_domain), :extra_owners, 'grant'
  FROM alias_domain AS ad
 WHERE ad.active = 1
-- end
