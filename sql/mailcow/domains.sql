-- mailcow: every domain in which somebody may own an address. A grant to everything gives the row *.
SELECT d.domain FROM domain AS d WHERE d.active = 1
UNION
SELECT ad.alias_domain FROM alias_domain AS ad WHERE ad.active = 1
UNION
SELECT SUBSTRING_INDEX(s.send_as, '@', -1) FROM sender_acl AS s
