-- Modoboa: who owns the address. Nothing is owned in a domain that is switched off or not hosted.
-- An alias may expire: Django keeps the time in UTC in MySQL, and with its zone in PostgreSQL.

SELECT u.email
  FROM core_user AS u
 WHERE u.email = :email AND u.is_active = '1'
   AND EXISTS (SELECT 1 FROM admin_domain AS d WHERE d.name = :domain AND d.enabled = '1')

-- The mailboxes behind an alias own its address. Internal aliases belong to mailboxes and hold their forwards, which hand
-- mail on, not the right to send.
-- if include_alias
UNION
SELECT u.email
  FROM admin_alias AS al
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE al.address = :email AND al.internal = '0' AND al.enabled = '1'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP()) AND u.is_active = '1'  -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP) AND u.is_active = '1'  -- if pgsql
   AND EXISTS (SELECT 1 FROM admin_domain AS d WHERE d.name = :domain AND d.enabled = '1')
-- end
-- An alias of an alias: its recipient is a name to be asked for again.
-- if include_alias and follows_aliases
UNION
SELECT r.address
  FROM admin_alias AS al
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
 WHERE al.address = :email AND al.internal = '0' AND al.enabled = '1' AND r.r_alias_id IS NOT NULL
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP())                       -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP)                     -- if pgsql
   AND EXISTS (SELECT 1 FROM admin_domain AS d WHERE d.name = :domain AND d.enabled = '1')
-- end

-- The same in the domains that are aliases of another.
-- if include_alias_domain
UNION
SELECT u.email
  FROM admin_domainalias AS da
  JOIN admin_domain AS d ON d.id = da.target_id
  JOIN admin_mailbox AS mb ON mb.domain_id = d.id AND mb.address = :user
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE da.name = :domain AND da.enabled = '1' AND d.enabled = '1' AND u.is_active = '1'
-- end
-- if include_alias_domain and include_alias
UNION
SELECT u.email
  FROM admin_domainalias AS da
  JOIN admin_domain AS d ON d.id = da.target_id
  JOIN admin_alias AS al ON al.address = CONCAT(:user, '@', d.name)
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE da.name = :domain AND da.enabled = '1' AND d.enabled = '1' AND al.internal = '0' AND al.enabled = '1'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP()) AND u.is_active = '1'  -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP) AND u.is_active = '1'  -- if pgsql
-- end
-- if include_alias_domain and include_alias and follows_aliases
UNION
SELECT r.address
  FROM admin_domainalias AS da
  JOIN admin_domain AS d ON d.id = da.target_id
  JOIN admin_alias AS al ON al.address = CONCAT(:user, '@', d.name)
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
 WHERE da.name = :domain AND da.enabled = '1' AND d.enabled = '1' AND al.internal = '0' AND al.enabled = '1'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP()) AND r.r_alias_id IS NOT NULL  -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP) AND r.r_alias_id IS NOT NULL  -- if pgsql
-- end
