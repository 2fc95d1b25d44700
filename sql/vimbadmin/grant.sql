-- ViMbAdmin has no grants. Only the logins of extra_owners may send as every address of a hosted domain.

-- if extra_owners
SELECT :extra_owners
  FROM domain AS d
 WHERE d.domain = :domain AND d.active = 1
-- end
