PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO notes VALUES(1,'two
lines; of it''s text');
INSERT INTO notes VALUES(2,'plain');
CREATE TRIGGER tidy AFTER INSERT ON notes BEGIN
INSERT INTO notes VALUES(9,'no row of the dump');
END;
ROLLBACK; -- due to errors
