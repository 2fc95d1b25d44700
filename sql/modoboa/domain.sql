-- Modoboa: who owns every address of the domain that has no row of its own. Every mailbox has an internal alias.

-- if include_catchall
SELECT u.email
  FROM admin_alias AS al
  JOIN modoboa_admin_aliasrecipient AS r ON r.alias_id = al.id
  JOIN admin_mailbox AS mb ON mb.id = r.r_mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE al.address = CONCAT('@', :domain) AND al.internal = '0' AND al.enabled = '1'
   AND (al.expire_at IS NULL OR al.expire_at > UTC_TIMESTAMP()) AND u.is_active = '1'  -- if not pgsql
   AND (al.expire_at IS NULL OR al.expire_at > CURRENT_TIMESTAMP) AND u.is_active = '1'  -- if pgsql
   AND EXISTS (SELECT 1 FROM admin_domain AS d WHERE d.name = :domain AND d.enabled = '1')
   AND NOT EXISTS (SELECT 1 FROM admin_alias AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM core_user AS y WHERE y.email = :email)
-- end
