-- ISPConfig: who owns every address of the domain that has no row of its own, where "send as" is ticked for the catch-all.

-- if include_catchall
SELECT f.destination
  FROM mail_forwarding AS f
 WHERE f.server_id = :server_id AND f.source = CONCAT('@', :domain) AND f.type = 'catchall'
   AND f.active = 'y' AND f.allow_send_as = 'y'
   AND EXISTS (SELECT 1 FROM mail_domain AS d
                WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y')
   AND NOT EXISTS (SELECT 1 FROM mail_user AS x WHERE x.server_id = :server_id AND x.email = :email)
   AND NOT EXISTS (SELECT 1 FROM mail_forwarding AS y WHERE y.server_id = :server_id AND y.source = :email)
-- end
-- if include_catchall and include_alias_domain
UNION
SELECT f.destination
  FROM mail_forwarding AS ad
  JOIN mail_forwarding AS f ON f.server_id = ad.server_id AND f.source = ad.destination
  JOIN mail_domain AS d ON d.server_id = ad.server_id AND d.domain = SUBSTRING(ad.destination, 2)
 WHERE ad.server_id = :server_id AND ad.source = CONCAT('@', :domain)
   AND ad.type = 'aliasdomain' AND ad.active = 'y'
   AND f.type = 'catchall' AND f.active = 'y' AND f.allow_send_as = 'y' AND d.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_user AS x
                    WHERE x.server_id = :server_id AND x.email IN (:email, CONCAT(:user, ad.destination)))
   AND NOT EXISTS (SELECT 1 FROM mail_forwarding AS y
                    WHERE y.server_id = :server_id AND y.source IN (:email, CONCAT(:user, ad.destination)) AND :user <> '')
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = :server_id AND o.domain = :domain AND o.active = 'n')
-- end
