-- Froxlor: who owns every address of the domain that has no row of its own. The email of a catch-all is '@domain'.

-- if include_catchall
SELECT mu.username
  FROM mail_virtual AS v
  JOIN mail_users AS mu ON mu.id = v.popaccountid
  JOIN panel_customers AS c ON c.customerid = v.customerid
 WHERE v.email = CONCAT('@', :domain) AND v.popaccountid > 0 AND mu.postfix = 'Y' AND c.deactivated = 0
   AND NOT EXISTS (SELECT 1 FROM mail_virtual AS x WHERE x.email = :email)
   AND NOT EXISTS (SELECT 1 FROM mail_users AS y WHERE y.email = :email)
UNION
SELECT v.destination
  FROM mail_virtual AS v
  JOIN panel_customers AS c ON c.customerid = v.customerid
 WHERE v.email = CONCAT('@', :domain) AND v.popaccountid = 0 AND c.deactivated = 0
   AND NOT EXISTS (SELECT 1 FROM mail_virtual AS x WHERE x.email = :email)
   AND NOT EXISTS (SELECT 1 FROM mail_users AS y WHERE y.email = :email)
-- end
