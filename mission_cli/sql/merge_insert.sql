-- The staged rows that stand: those whose key nobody contests, and the winners of the others.
-- reads: staged, contested, ranked / writes: {{orders}} / parameters: none
-- grain: key
INSERT INTO {{orders}} BY NAME
SELECT s.* FROM staged AS s ANTI JOIN contested AS c ON {{same_key_as_staged}}
UNION ALL
SELECT s.* FROM staged AS s SEMI JOIN ranked AS w ON w._wins AND NOT w._stored AND w._rid = s.rowid
