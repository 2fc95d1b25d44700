-- PostfixAdmin: every domain in which somebody may own an address. The row ALL stands for the rights of administrators.
SELECT d.domain FROM domain AS d WHERE d.active = '1' AND d.domain <> 'ALL'
UNION                                                          -- if include_alias_domain
SELECT ad.alias_domain FROM alias_domain AS ad WHERE ad.active = '1'  -- if include_alias_domain
