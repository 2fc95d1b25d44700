-- Froxlor: who owns the address. A customer who was deactivated owns nothing.

SELECT mu.username
  FROM mail_users AS mu
  JOIN panel_customers AS c ON c.customerid = mu.customerid
 WHERE mu.email = :email AND mu.postfix = 'Y' AND c.deactivated = 0
UNION
SELECT mu.username
  FROM mail_virtual AS v
  JOIN mail_users AS mu ON mu.id = v.popaccountid
  JOIN panel_customers AS c ON c.customerid = v.customerid
 WHERE v.email = :email AND v.popaccountid > 0 AND mu.postfix = 'Y' AND c.deactivated = 0

-- An address without a mailbox is owned by its targets, which stand in one cell with blanks between. Those of an address
-- with a mailbox are its forwards: they hand mail on, not the right to send.
-- if include_alias
UNION
SELECT v.destination
  FROM mail_virtual AS v
  JOIN panel_customers AS c ON c.customerid = v.customerid
 WHERE v.email = :email AND v.popaccountid = 0 AND c.deactivated = 0
-- end
