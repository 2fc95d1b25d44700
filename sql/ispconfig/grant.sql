-- ISPConfig has no grants. Only the logins of extra_owners may send as every address of a hosted domain.

-- if extra_owners
SELECT :extra_owners
  FROM mail_domain AS d
 WHERE d.server_id = :server_id AND d.domain = :domain AND d.active = 'y'
-- end
-- if extra_owners and include_alias_domain
UNION
SELECT :extra_owners
  FROM mail_forwarding AS ad
 WHERE ad.server_id = :server_id AND ad.source = CONCAT('@', :domain) AND ad.type = 'aliasdomain' AND ad.active = 'y'
   AND NOT EXISTS (SELECT 1 FROM mail_domain AS o
                    WHERE o.server_id = :server_id AND o.domain = :domain AND o.active = 'n')
-- end
