-- PostfixAdmin: who owns every address of the domain that has no row of its own. An address that was switched off has one.

-- if include_catchall
SELECT a.goto
  FROM alias AS a
  JOIN domain AS d ON d.domain = a.domain
 WHERE a.address = CONCAT('@', :domain) AND a.active = '1' AND d.active = '1'
   AND NOT EXISTS (SELECT 1 FROM alias AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM mailbox AS y WHERE y.username = :email)
-- end
-- if include_catchall and include_alias_domain
UNION
SELECT a.goto
  FROM alias_domain AS ad
  JOIN domain AS d ON d.domain = ad.target_domain
  JOIN alias AS a ON a.address = CONCAT('@', ad.target_domain)
 WHERE ad.alias_domain = :domain AND ad.active = '1' AND d.active = '1' AND a.active = '1'
   AND NOT EXISTS (SELECT 1 FROM alias AS x WHERE x.address = :email)
   AND NOT EXISTS (SELECT 1 FROM alias AS x WHERE x.address = CONCAT(:user, '@', ad.target_domain) AND :user <> '')
   AND NOT EXISTS (SELECT 1 FROM mailbox AS y WHERE y.username = CONCAT(:user, '@', ad.target_domain))
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = :domain AND o.active = '0')
-- end
