-- iRedMail: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.
SELECT m.username, CASE WHEN m.active = 1 AND m.enablesmtp = 1 THEN m.username END, 'address'
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE d.active = 1 AND d.backupmx = 0

-- Alias addresses of accounts, members of lists and forwards of users are in one table; the address of a catch-all, the bare
-- domain, too. A forward hands mail on, not the right to send: it only keeps the catch-all away.
UNION ALL
SELECT f.address,
       CASE WHEN f.active = 1 AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
             AND (f.is_alias = 1 OR f.is_list = 1)   -- if include_alias and include_list_members
             AND f.is_alias = 1                      -- if include_alias and not include_list_members
             AND f.is_list = 1                       -- if not include_alias and include_list_members
             AND FALSE                               -- if not include_alias and not include_list_members
            THEN m.username END,
       'alias'
  FROM forwardings AS f
  LEFT JOIN mailbox AS m ON m.username = f.forwarding
  LEFT JOIN domain AS d ON d.domain = m.domain
 WHERE f.address LIKE '%@%'
   AND f.is_forwarding = 0  -- if not include_catchall

-- The same in the domains that are aliases of another.
-- if include_alias_domain
UNION ALL
SELECT CONCAT(LEFT(m.username, CHAR_LENGTH(m.username) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       CASE WHEN m.active = 1 AND m.enablesmtp = 1 THEN m.username END,
       'alias'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN mailbox AS m ON m.domain = ad.target_domain
 WHERE ad.active = 1 AND d.active = 1 AND d.backupmx = 0
UNION ALL
SELECT CONCAT(LEFT(f.address, CHAR_LENGTH(f.address) - CHAR_LENGTH(ad.target_domain)), ad.alias_domain),
       CASE WHEN f.active = 1 AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
             AND (f.is_alias = 1 OR f.is_list = 1)   -- if include_alias and include_list_members
             AND f.is_alias = 1                      -- if include_alias and not include_list_members
             AND f.is_list = 1                       -- if not include_alias and include_list_members
             AND FALSE                               -- if not include_alias and not include_list_members
            THEN m.username END,
       'alias'
  FROM alias_domain AS ad
  JOIN forwardings AS f ON f.domain = ad.target_domain
  LEFT JOIN mailbox AS m ON m.username = f.forwarding
  LEFT JOIN domain AS d ON d.domain = m.domain
 WHERE ad.active = 1 AND f.address LIKE '%@%'
   AND f.is_forwarding = 0  -- if not include_catchall
-- end

-- if include_catchall
UNION ALL
SELECT CONCAT('@', f.address), m.username, 'catch-all'
  FROM domain AS d
  JOIN forwardings AS f ON f.address = d.domain
  JOIN mailbox AS m ON m.username = f.forwarding
 WHERE f.active = 1 AND d.active = 1 AND d.backupmx = 0 AND m.active = 1 AND m.enablesmtp = 1
-- end
-- if include_catchall and include_alias_domain
UNION ALL
SELECT CONCAT('@', ad.alias_domain), m.username, 'catch-all'
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN forwardings AS f ON f.address = ad.target_domain
  JOIN mailbox AS m ON m.username = f.forwarding
 WHERE ad.active = 1 AND f.active = 1 AND d.active = 1 AND d.backupmx = 0 AND m.active = 1 AND m.enablesmtp = 1
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM domain AS d
 WHERE d.active = 1 AND d.backupmx = 0
-- end
-- if extra_owners and include_alias_domain
UNION ALL
SELECT CONCAT('@', ad.alias_domain), :extra_owners, 'grant'
  FROM alias_domain AS ad
 WHERE ad.active = 1
-- end
