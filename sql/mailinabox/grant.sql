-- Mail-in-a-Box has no grants. Only the logins of extra_owners may send as every address of a domain with users.

-- if extra_owners
SELECT :extra_owners
 WHERE EXISTS (SELECT 1 FROM users AS u WHERE SUBSTR(u.email, INSTR(u.email, '@') + 1) = :domain)
    OR EXISTS (SELECT 1 FROM aliases AS a WHERE a.source = '@' || :domain)
-- end
