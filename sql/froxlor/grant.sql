-- Froxlor, since 2.3.0: who may send as the address on top of its owners, by an allowed sender of a mailbox: the address
-- itself or its whole domain (@domain), also of other providers.

-- if mail_sender_aliases.allowed_sender
SELECT mu.username
  FROM mail_sender_aliases AS s
  JOIN mail_users AS mu ON mu.email = s.email
  JOIN panel_customers AS c ON c.customerid = mu.customerid
 WHERE s.allowed_sender IN (:email, CONCAT('@', :domain)) AND mu.postfix = 'Y' AND c.deactivated = 0
-- end

-- if extra_owners
UNION
SELECT :extra_owners
  FROM panel_domains AS d
 WHERE d.domain = :domain AND d.isemaildomain = 1 AND d.deactivated = 0
-- end
