-- mailcow: who may send as the address on top of its owners, by an ACL for it, for its domain (@domain) or for everything (*).
-- Addresses of other providers (external) are among them.
SELECT s.logged_in_as
  FROM sender_acl AS s
 WHERE s.send_as IN (:email, CONCAT('@', :domain), '*')

-- What is granted in a domain is granted in the domains that are its aliases.
-- if include_alias_domain
UNION
SELECT s.logged_in_as
  FROM alias_domain AS ad
  JOIN sender_acl AS s ON s.send_as IN (CONCAT('@', ad.target_domain), CONCAT(:user, '@', ad.target_domain))
 WHERE ad.alias_domain = :domain AND ad.active = 1
-- end

-- if extra_owners
UNION
SELECT :extra_owners
  FROM domain AS d
 WHERE d.domain = :domain AND d.active = 1
-- end
-- if extra_owners and include_alias_domain
UNION
SELECT :extra_owners
  FROM alias_domain AS ad
 WHERE ad.alias_domain = :domain AND ad.active = 1
-- end
