-- mailcow: who owns every address of the domain that has no row of its own. An alias that was switched off, or that is for
-- receiving only, has one.

-- if include_catchall
SELECT a.goto
  FROM alias AS a
 WHERE a.address = CONCAT('@', :domain) AND a.active = 1
   AND a.sender_allowed = 1  -- if alias.sender_allowed
   AND (EXISTS (SELECT 1 FROM domain AS d WHERE d.domain = a.domain AND d.active = 1)
     OR EXISTS (SELECT 1 FROM alias_domain AS ad WHERE ad.alias_domain = a.domain AND ad.active = 1))
   AND NOT EXISTS (SELECT 1 FROM alias AS x WHERE x.address = :email)
-- end
