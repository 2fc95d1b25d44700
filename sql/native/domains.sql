-- Every domain that somebody may send as. A row '*' (a grant to everything) says that no domain is foreign.
SELECT d.domain FROM domains AS d WHERE d.active = 1
UNION
SELECT g.domain FROM send_as_grants AS g WHERE g.active = 1
