-- Modoboa: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.
SELECT u.email, CASE WHEN u.is_active = '1' THEN u.email END, 'address'
  FROM core_user AS u
  JOIN admin_domain AS d ON d.name = SUBSTRING_INDEX(u.email, '@', -1)    -- if not pgsql
  JOIN admin_domain AS d ON d.name = regexp_replace(u.email, '^.*@', '')  -- if pgsql
 WHERE d.enabled = '1'

-- Internal aliases belong to mailboxes and hold their forwards. An alias that has expired or was switched off only keeps the
-- catch-all away; without include_alias every alias does.
UNION ALL
SELECT al.address,
       CASE WHEN al.enabled = '1'
             AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP())   -- if not pgsql
             AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP)  -- if pgsql
             AND FALSE                                                       -- if not include_alias
            THEN COALESCE(CASE WHEN u.is_active = '1' THEN u.email END
                        , CASE WHEN r.r_alias_id IS NOT NULL THEN r.address END  -- if follows_aliases
                 , NULL) END,
       'alias'
  FROM admin_alias AS al
  JOIN admin_domain AS d ON d.name = SUBSTRING_INDEX(al.address, '@', -1)    -- if not pgsql
  JOIN admin_domain AS d ON d.name = regexp_replace(al.address, '^.*@', '')  -- if pgsql
  LEFT JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  LEFT JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  LEFT JOIN core_user AS u ON u.id = mb.user_id
 WHERE al.internal = '0' AND al.address NOT LIKE '@%' AND d.enabled = '1'

-- The same in the domains that are aliases of another.
-- if include_alias_domain
UNION ALL
SELECT CONCAT(mb.address, '@', da.name), u.email, 'alias'
  FROM admin_domainalias AS da
  JOIN admin_domain AS d ON d.id = da.target_id
  JOIN admin_mailbox AS mb ON mb.domain_id = d.id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE da.enabled = '1' AND d.enabled = '1' AND u.is_active = '1'
-- end
-- if include_alias_domain and include_alias
UNION ALL
SELECT CONCAT(LEFT(al.address, CHAR_LENGTH(al.address) - CHAR_LENGTH(d.name)), da.name),
       COALESCE(CASE WHEN u.is_active = '1' THEN u.email END
              , CASE WHEN r.r_alias_id IS NOT NULL THEN r.address END  -- if follows_aliases
              , NULL),
       'alias'
  FROM admin_domainalias AS da
  JOIN admin_domain AS d ON d.id = da.target_id
  JOIN admin_alias AS al ON SUBSTRING_INDEX(al.address, '@', -1) = d.name    -- if not pgsql
  JOIN admin_alias AS al ON regexp_replace(al.address, '^.*@', '') = d.name  -- if pgsql
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  LEFT JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  LEFT JOIN core_user AS u ON u.id = mb.user_id
 WHERE da.enabled = '1' AND d.enabled = '1' AND al.internal = '0' AND al.enabled = '1' AND al.address NOT LIKE '@%'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP())   -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP)  -- if pgsql
-- end

-- if include_catchall
UNION ALL
SELECT al.address, u.email, 'catch-all'
  FROM admin_alias AS al
  JOIN admin_domain AS d ON d.name = SUBSTRING(al.address, 2)
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE al.address LIKE '@%' AND al.internal = '0' AND al.enabled = '1' AND d.enabled = '1' AND u.is_active = '1'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP())   -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP)  -- if pgsql
-- end
UNION ALL
SELECT s.address, u.email, 'grant'
  FROM admin_senderaddress AS s
  JOIN admin_mailbox AS mb ON mb.id = s.mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE u.is_active = '1'

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.name), :extra_owners, 'grant'
  FROM admin_domain AS d
 WHERE d.enabled = '1'
-- end
-- if extra_owners and include_alias_domain
UNION ALL
SELECT CONCAT('@', da.name), :extra_owners, 'grant'
  FROM admin_domainalias AS da
 WHERE da.enabled = '1'
-- end
