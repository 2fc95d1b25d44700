-- Froxlor: every address, @domain and * with its owners, all at once. Columns: the key, the owner (NULL: it has a row and no
-- owner, which keeps the catch-all away), and what the row is.
SELECT mu.email, CASE WHEN mu.postfix = 'Y' AND c.deactivated = 0 THEN mu.username END, 'address'
  FROM mail_users AS mu
  LEFT JOIN panel_customers AS c ON c.customerid = mu.customerid
UNION ALL
SELECT v.email,
       CASE WHEN v.popaccountid > 0 AND mu.postfix = 'Y' AND c.deactivated = 0 THEN mu.username
            WHEN v.popaccountid = 0 AND c.deactivated = 0 THEN v.destination  -- if include_alias
            END,
       CASE WHEN v.email = mu.email THEN 'address' ELSE 'alias' END
  FROM mail_virtual AS v
  LEFT JOIN mail_users AS mu ON mu.id = v.popaccountid
  LEFT JOIN panel_customers AS c ON c.customerid = v.customerid
 WHERE v.email NOT LIKE '@%'

-- if include_catchall
UNION ALL
SELECT v.email, CASE WHEN v.popaccountid = 0 THEN v.destination ELSE mu.username END, 'catch-all'
  FROM mail_virtual AS v
  JOIN panel_customers AS c ON c.customerid = v.customerid
  LEFT JOIN mail_users AS mu ON mu.id = v.popaccountid AND mu.postfix = 'Y'
 WHERE v.email LIKE '@%' AND c.deactivated = 0
-- end

-- if mail_sender_aliases.allowed_sender
UNION ALL
SELECT s.allowed_sender, mu.username, 'grant'
  FROM mail_sender_aliases AS s
  JOIN mail_users AS mu ON mu.email = s.email
  JOIN panel_customers AS c ON c.customerid = mu.customerid
 WHERE mu.postfix = 'Y' AND c.deactivated = 0
-- end

-- if extra_owners
UNION ALL
SELECT CONCAT('@', d.domain), :extra_owners, 'grant'
  FROM panel_domains AS d
 WHERE d.isemaildomain = 1 AND d.deactivated = 0
-- end
