-- iRedMail: who owns the address.

-- The login of a mailbox that may send owns its address.
SELECT m.username
  FROM mailbox AS m
  JOIN domain AS d ON d.domain = m.domain
 WHERE m.username = :email
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0

-- So it does the alias addresses of its account (is_alias). Forwards of users (is_forwarding) are in the same table; they hand
-- mail on, not the right to send.
-- if include_alias
UNION
SELECT m.username
  FROM forwardings AS f
  JOIN mailbox AS m ON m.username = f.forwarding
  JOIN domain AS d ON d.domain = m.domain
 WHERE f.address = :email AND f.is_alias = 1 AND f.active = 1
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
-- end

-- The members of a mail alias account (is_list), if they may.
-- if include_list_members
UNION
SELECT m.username
  FROM forwardings AS f
  JOIN mailbox AS m ON m.username = f.forwarding
  JOIN domain AS d ON d.domain = m.domain
 WHERE f.address = :email AND f.is_list = 1 AND f.active = 1
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
-- end

-- The same in the domains that are aliases of another.
-- if include_alias_domain
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN mailbox AS m ON m.username = CONCAT(:user, '@', ad.target_domain)
 WHERE ad.alias_domain = :domain AND ad.active = 1
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
-- end
-- if include_alias_domain and include_alias
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN forwardings AS f ON f.address = CONCAT(:user, '@', ad.target_domain)
  JOIN mailbox AS m ON m.username = f.forwarding
  JOIN domain AS d ON d.domain = m.domain
 WHERE ad.alias_domain = :domain AND ad.active = 1 AND f.is_alias = 1 AND f.active = 1
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
-- end
-- if include_alias_domain and include_list_members
UNION
SELECT m.username
  FROM alias_domain AS ad
  JOIN forwardings AS f ON f.address = CONCAT(:user, '@', ad.target_domain)
  JOIN mailbox AS m ON m.username = f.forwarding
  JOIN domain AS d ON d.domain = m.domain
 WHERE ad.alias_domain = :domain AND ad.active = 1 AND f.is_list = 1 AND f.active = 1
   AND m.active = 1 AND m.enablesmtp = 1 AND d.active = 1 AND d.backupmx = 0
-- end
