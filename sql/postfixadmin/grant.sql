-- PostfixAdmin has no grants. Only the logins of extra_owners may send as every address of a hosted domain.

-- if extra_owners
SELECT :extra_owners
  FROM domain AS d
 WHERE d.domain = :domain AND d.active = '1'
-- end
-- if extra_owners and include_alias_domain
UNION
SELECT :extra_owners
  FROM alias_domain AS ad
 WHERE ad.alias_domain = :domain AND ad.active = '1'
   AND NOT EXISTS (SELECT 1 FROM domain AS o WHERE o.domain = :domain AND o.active = '0')
-- end
