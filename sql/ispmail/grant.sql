-- ISPmail has no grants. Only the logins of extra_owners may send as every address of a hosted domain.

-- if extra_owners
SELECT :extra_owners
  FROM virtual_domains AS d
 WHERE d.name = :domain
-- end
