/** Rows and table files on which our reader of `mysql_table(5)` and Postfix itself are compared. */

/** Rows with keys of every kind, and procedures. */
export const rows = `
CREATE TABLE t (k VARCHAR(100) NOT NULL, v VARCHAR(100), w VARCHAR(100), n INT, KEY (k)) CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO t (k, v, w, n) VALUES
  ('a@b.c', 'x@y.z', 'w1', 1), ('a@b.c', 'plain', NULL, 2), ('a@b.c', '@dom', '', 3), ('a@b.c', 'x@', 'w4', 4),
  ('u@mail.example.com', 'u', 'v', 1), ('@example.com', 'catch', NULL, 1), ('@mail.example.com', 'mailcatch', NULL, 1),
  ('plain', 'bare', NULL, 1), ('u', 'justu', NULL, 1), ('o''brien@b.c', 'quote', NULL, 1), ('a\\\\b@b.c', 'backslash', NULL, 1),
  ('"two words"@b.c', 'quoted', NULL, 1), ('two words@b.c', 'unquoted', NULL, 1), ('ü@b.c', 'umlaut', NULL, 1),
  ('日本@b.c', 'nihon', NULL, 1), ('%@b.c', 'percent', NULL, 1), ('_@b.c', 'underscore', NULL, 1), ('null@b.c', NULL, NULL, 1),
  ('empty@b.c', 'e', '', 1), ('list@b.c', 'a,b c', ' d , e ', 1), ('x''u''@b.c', 'odd', NULL, 1), ('x"u"@b.c', 'odd2', NULL, 1),
  ('com.example', 'labels', NULL, 1), ('u+tag@b.c', 'tagged', NULL, 1), ('A@B.C', 'upper', NULL, 1);
CREATE TABLE ascii_t (k VARCHAR(100), d VARCHAR(100), v VARCHAR(100)) CHARSET=latin1 COLLATE=latin1_general_ci;
INSERT INTO ascii_t VALUES ('a@b.c', 'b.c', 'plain ascii');
CREATE PROCEDURE one(IN p VARCHAR(100)) READS SQL DATA SELECT v FROM t WHERE k = p;
CREATE PROCEDURE two(IN p VARCHAR(100)) BEGIN SELECT v FROM t WHERE k = p; SELECT w FROM t WHERE k = p; END;
CREATE PROCEDURE none(IN p VARCHAR(100)) BEGIN DO 1; END;
`;

/** Rows whose columns hold no text: numbers, times, bits, JSON. */
export const odd = `
CREATE TABLE odd (k VARCHAR(20) PRIMARY KEY, zero INT(6) ZEROFILL, y YEAR, f FLOAT, d2 DOUBLE(10,2), d DOUBLE, t TIME(3), dt DATETIME(2),
  b BINARY(5), bits BIT(9), dec_ DECIMAL(8,3), big BIGINT UNSIGNED, fz FLOAT(7,2) ZEROFILL, js JSON, e ENUM('x','y'), bl BLOB);
INSERT INTO odd VALUES
  ('a@b.c', 42, 0, 0.1, 1.5, 1e15, '12:03:04.5', '2026-01-02 03:04:05.6', 'abc', b'101', 1.5, 18446744073709551615, 1.5, '{"a":1}', 'y', 'blob'),
  ('u@b.c', 1234567, 2026, 1e10, 0, 123456789012345, '-838:59:59', '2026-01-02', 'abcde', b'1', -0.001, 0, 12345, '[]', 'x', ''),
  ('x@b.c', 0, 1999, 123456.7, 99999999.99, 1e-10, '00:00:00', NULL, '', b'0', 0, 7, 0, 'null', NULL, NULL),
  ('y@b.c', 7, 70, 3.4e38, -1.005, 0.00001, '1:2:3.4567', '1999-12-31 23:59:59.99', 'ü', b'1000001', 99999.999, 9007199254740993, 0.5, '"s"', 'x', 'a'),
  ('z@b.c', 8, 1970, 0.00001234, 2.675, 1.7976931348623157e308, '100:00:00.001', NULL, ' a', b'1100001', 1, 1, 1, '1', 'x', 'b');
`;

/** What a table file says beside its connection. */
export const templates = [
  "query = SELECT v FROM t WHERE k='%s'",
  'query = SELECT v FROM t WHERE k="%s"',
  "query = SELECT v, w FROM t WHERE k='%s'",
  "query = SELECT * FROM t WHERE k='%s'",
  "query = SELECT v FROM t WHERE k='%S' ORDER BY n DESC",
  "query = SELECT v FROM t WHERE k='%u'",
  "query = SELECT v FROM t WHERE k='%U'",
  "query = SELECT v FROM t WHERE k='@%d'",
  "query = SELECT v FROM t WHERE k='@%D'",
  "query = SELECT v FROM t WHERE k='%u@%d'",
  "query = SELECT v FROM t WHERE k='%1.%2'",
  "query = SELECT CONCAT_WS('/', '%1', '%2', '%3') FROM DUAL",
  "query = SELECT '%4' FROM DUAL",
  "query = SELECT CONCAT('<', '%s', '>') FROM DUAL",
  "query = SELECT CONCAT('<', '%u', '|', '%d', '>')",
  "query = SELECT v FROM t WHERE k LIKE '%%@%d'",
  "query = SELECT v FROM t WHERE k LIKE '%u%%'",
  "query = SELECT v FROM t WHERE k LIKE '\\%%@%d'",
  "query = SELECT v FROM t WHERE k='x''%u''@b.c'",
  "query = SELECT v FROM t WHERE k='x\\'%u\\'@b.c'",
  "query = SELECT v FROM t WHERE k='x\"%u\"@b.c'",
  "query = SELECT v FROM t WHERE k=\"x'%u'@b.c\"",
  "query = SELECT CONCAT('\\b', '\\\\%s\\'x\\Z\\_\\%%\\q')",
  "query = SELECT HEX('\\0%u\\r')",
  "query = SELECT GROUP_CONCAT(v ORDER BY n SEPARATOR ' ') FROM t WHERE k='%s'",
  "query = SELECT v FROM t WHERE k='%s';",
  "query = SELECT v FROM t WHERE k='%s' ; ",
  "query = SELECT v FROM t WHERE k='%s' -- the end",
  "query = SELECT v FROM t WHERE k='%s' # the end",
  "query = SELECT v /* in */ FROM t WHERE k='%s'/**/",
  "query = SELECT /*! v */ /*!99999 , w */ FROM t WHERE k='%s'",
  "query = SELECT v FROM t\n\n# note\n   WHERE k='%s'\n\tAND n < 3",
  "query = SELECT v FROM t WHERE k='%s' AND n='1'",
  "query = SELECT n FROM t WHERE k='%s'",
  "query = SELECT n/3, n*1.5, n=1, NULL, DATE '2020-01-02', TRUE FROM t WHERE k='%s'",
  "query = SELECT '$hosts' FROM t WHERE k='%s'",
  "query = CALL one('%s')",
  "query = CALL none('%s')\nrequire_result_set = no",
  "query = DO 1\nrequire_result_set = no",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = %u|%d|%S|%U|%D|%1",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = <%u>",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = [%d]",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = %s@%D",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = 100%% %s %s",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = %3.%2.%1 %U",
  "query = SELECT v FROM t WHERE k='%s'\nresult_format = constant",
  "query = SELECT v FROM t WHERE k='%s'\ndomain = b.c, ex.com",
  "query = SELECT v FROM t WHERE k='%s'\ndomain = !b.c, static:all",
  "query = SELECT v FROM t WHERE k='%s'\ndomain = !!B.C {mail.example.com}",
  "query = SELECT v FROM t WHERE k='%s'\ndomain = inline:{ b.c=OK, {mail.example.com = OK} }",
  "query =\ntable = t\nselect_field = v\nwhere_field = k",
  "table = t\nselect_field = v, w\nwhere_field = k\nadditional_conditions = AND k LIKE '%%@b.c' ORDER BY n",
  "query = SELECT v FROM t WHERE k='%s'\nexpansion_limit = 10",
  "query = SELECT v FROM t WHERE k='%s'\nexpansion_limit = -3",
  "query = SELECT 'a', 'b' FROM DUAL WHERE '%s' <> ''\nexpansion_limit = 2",
  "port = 3306\nquery = SELECT 1\nquery = SELECT v FROM t WHERE k='%s'",
];
