-- Froxlor: every domain in which somebody may own an address.
SELECT d.domain FROM panel_domains AS d
UNION                                                                         -- if mail_sender_aliases.allowed_sender
SELECT SUBSTRING_INDEX(s.allowed_sender, '@', -1) FROM mail_sender_aliases AS s  -- if mail_sender_aliases.allowed_sender
