-- ISPConfig: who owns the address. One database holds all servers; the index of each table begins with the server.

-- A mailbox is owned by its address, which is what Dovecot returns for a login, and by the login itself.
SELECT u.email
  FROM mail_user AS u
 WHERE u.server_id = :server_id AND u.email = :email AND u.disablesmtp = 'n'
   AND EXISTS (SELECT 1 FROM mail_domain AS d
                WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y')
UNION
SELECT u.login
  FROM mail_user AS u
 WHERE u.server_id = :server_id AND u.email = :email AND u.disablesmtp = 'n'
   AND EXISTS (SELECT 1 FROM mail_domain AS d
                WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y')

-- A mailbox that delivers nothing itself: those who get its copies own it too, as in ISPConfig's own query.
-- if include_cc
UNION
SELECT u.cc
  FROM mail_user AS u
 WHERE u.server_id = :server_id AND u.email = :email AND u.disablesmtp = 'n' AND u.disabledeliver = 'y'
   AND EXISTS (SELECT 1 FROM mail_domain AS d
                WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y')
-- end

-- The targets of an alias or forward own its address where "send as" is ticked.
-- if include_alias
UNION
SELECT f.destination
  FROM mail_forwarding AS f
 WHERE f.server_id = :server_id AND f.source = :email AND f.type IN ('alias', 'forward')
   AND f.active = 'y' AND f.allow_send_as = 'y'
   AND EXISTS (SELECT 1 FROM mail_domain AS d
                WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y')
-- end

-- The same in the domains that are aliases of another: a row '@alias' with the destination '@target'.
-- if include_alias_domain
UNION
SELECT u.email
  FROM mail_forwarding AS ad
  JOIN mail_user AS u ON u.server_id = ad.server_id AND u.email = CONCAT(:user, ad.destination)
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
 WHERE ad.server_id = :server_id AND ad.source = CONCAT('@', :domain)
   AND ad.type = 'aliasdomain' AND ad.active = 'y' AND u.disablesmtp = 'n' AND d.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = :server_id AND o.domain = :domain AND o.active = 'n')
-- end
-- if include_alias_domain and include_alias
UNION
SELECT f.destination
  FROM mail_forwarding AS ad
  JOIN mail_forwarding AS f ON f.server_id = ad.server_id AND f.source = CONCAT(:user, ad.destination)
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
 WHERE ad.server_id = :server_id AND ad.source = CONCAT('@', :domain)
   AND ad.type = 'aliasdomain' AND ad.active = 'y'
   AND f.type IN ('alias', 'forward') AND f.active = 'y' AND f.allow_send_as = 'y' AND d.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = :server_id AND o.domain = :domain AND o.active = 'n')
-- end
