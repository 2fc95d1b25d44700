-- Modoboa: who may send as the address on top of its owners, by an extra sender address of a mailbox: the address itself or
-- its whole domain (@domain), also of other providers.
SELECT u.email
  FROM admin_senderaddress AS s
  JOIN admin_mailbox AS mb ON mb.id = s.mailbox_id
  JOIN core_user AS u ON u.id = mb.user_id
 WHERE s.address IN (:email, CONCAT('@', :domain)) AND u.is_active = '1'

-- if extra_owners
UNION
SELECT :extra_owners
  FROM admin_domain AS d
 WHERE d.name = :domain AND d.enabled = '1'
-- end
-- if extra_owners and include_alias_domain
UNION
SELECT :extra_owners
  FROM admin_domainalias AS da
 WHERE da.name = :domain AND da.enabled = '1'
-- end
