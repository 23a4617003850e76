"""The samples of manual uploads, made up: people, machines and figures in them do not exist.

`made()` gives every sample as `feed/name.ext` -> bytes; `python tests/contract/contract_samples.py manual` writes them and their reports.
"""

from __future__ import annotations

import json
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .books import xls, xlsx

BEGIN = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
ROYALTIES = b"Period,Artist,Title,Units,Net royalty,Currency\n2026-01,Mara,Night,120,1.23,EUR\n2026-01,Mara,Day,7,0.07,EUR\n"
PREAMBLE = b"Statement for,Night Works\nIssued,2026-02-01\n\nSale month;Territory;Quantity;Net revenue (EUR)\n202601;DE;12;1,20\n202601;FR;3;0,30\n"
INVOICES = "invoice number\tdate\tamount\tvat\tcurrency\n17\t2026-01-31\t1\u00a0200,00\t228,00\tEUR\n".encode("utf-16")
PAYOUTS = b'[{"period": "2026-01", "payout": 12.5, "currency": "EUR", "account": "x"}]'
VIEWS = b"\xef\xbb\xbfDate,Video views,Likes\n2026-02-01,10,2\n2026-02-02,12,3\n"
EARNINGS = (
    ("Period", "Artist", "Earnings", "Currency"),
    (date(2026, 1, 1), "Mara", 61.93, "EUR"),
    (date(2026, 2, 1), "Mara", 58.4, "EUR"),
)
REACH = (("Day", "Views", "Likes"), (date(2026, 2, 27), 120, 4), (date(2026, 2, 28), 131, 9))
MACHINES = (("Host", "Disk used GB", "Checked"), ("lake-1", 412.5, date(2026, 2, 28)), ("lake-2", 77, date(2026, 2, 28)))
JOBS = (("Job", "Minutes"), ("backup", 12), ("index", 7))

POSTGRES = r"""--
-- PostgreSQL database dump
--

-- Dumped from database version 16.4
-- Dumped by pg_dump version 16.4

SET client_encoding = 'UTF8';

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
INSERT INTO public.log VALUES (1), (2);
RETURN NEW;
END;
$$;

CREATE TABLE public.artists (
    id integer NOT NULL,
    name text
);

CREATE TABLE public.log (
    id integer
);

COPY public.artists (id, name) FROM stdin;
1	Mara Vale
2	Night \"Ferry\"
3	-- PostgreSQL database dump complete
\.

COPY public.log (id) FROM stdin;
\.

--
-- PostgreSQL database dump complete
--

"""
MYSQL = r"""-- MySQL dump 10.13  Distrib 8.0.39, for Linux (x86_64)
--
-- Host: localhost    Database: label
-- ------------------------------------------------------
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
DROP TABLE IF EXISTS `tracks`;
CREATE TABLE `tracks` (
  `id` int NOT NULL,
  `title` varchar(80) DEFAULT NULL
);
LOCK TABLES `tracks` WRITE;
INSERT INTO `tracks` VALUES (1,'Night Ferry'),(2,'It\'s (nearly), (over)'),(3,'Back\\'),(4,NULL);
UNLOCK TABLES;
DELIMITER ;;
CREATE TRIGGER `t` BEFORE INSERT ON `tracks` FOR EACH ROW
INSERT INTO `seen` VALUES (1),(2) ;;
DELIMITER ;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-03-02  4:00:01
"""
SQLITE = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO notes VALUES(1,'two
lines; of it''s text');
INSERT INTO notes VALUES(2,'plain');
CREATE TRIGGER tidy AFTER INSERT ON notes BEGIN
INSERT INTO notes VALUES(9,'no row of the dump');
END;
COMMIT;
"""


def events(count: int = 40, *, step: timedelta = timedelta(minutes=9), begin: datetime = BEGIN) -> list[dict[str, Any]]:
    """Events of a made-up web shop, oldest first."""
    kinds = ("page", "play", "follow", "cart")
    return [
        {
            "ts": (begin + n * step).isoformat().replace("+00:00", "Z"),
            "event": kinds[n % 4],
            "visitor": f"v{n * 37 % 11:02d}",
            "ms": n * 13 % 400,
        }
        for n in range(count)
    ]


def lines(rows: list[dict[str, Any]]) -> bytes:
    """JSON lines."""
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)


def gzipped(data: bytes) -> bytes:
    """A gzip stream of stored blocks: the same bytes whatever packs them (RFC 1952)."""
    out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    parts = [data[n : n + 65535] for n in range(0, len(data), 65535)] or [b""]
    for number, part in enumerate(parts):
        out += struct.pack("<BHH", number == len(parts) - 1, len(part), len(part) ^ 0xFFFF) + part
    return out + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def answer(rows: int = 3) -> bytes:
    """A body of a made-up mailing-list service."""
    lists = [
        {"id": f"l{n}", "name": f"List {n}", "members": 100 * n + 7, "updated": f"2026-03-0{n % 2 + 1}T05:00:00Z"}
        for n in range(rows)
    ]
    return json.dumps({"object": "page", "total": rows, "next": None, "result": {"lists": lists}}, indent=1).encode()


def made() -> dict[str, bytes]:
    """Every sample by feed and name."""
    shop = lines(events())
    mixed = events(6)
    late = lines([*events(4), *events(2, begin=BEGIN - timedelta(hours=3))])
    return {
        "financial_data/ok-royalties.csv": ROYALTIES, "financial_data/ok-statement-with-preamble.csv": PREAMBLE,
        "financial_data/ok-invoices-utf16.tsv": INVOICES, "financial_data/ok-payouts.json": PAYOUTS,
        "financial_data/ok-earnings.xlsx": xlsx(("Earnings", EARNINGS)), "financial_data/broken-off.csv": ROYALTIES[:-12],
        "financial_data/no-amounts.xlsx": xlsx(("Earnings", (EARNINGS[0], (date(2026, 1, 1), "Mara", "tbd", "EUR"), (date(2026, 2, 1), "Mara", "see note", "EUR")))),
        "external_reports/ok-views.csv": VIEWS, "external_reports/ok-reach.xlsx": xlsx(("Reach", REACH), first_row=3),
        "external_reports/is-royalties.csv": ROYALTIES, "external_reports/broken-off.xlsx": xlsx(("Reach", REACH))[:-40],
        "system_exports/ok-postgres.sql": POSTGRES.encode(), "system_exports/ok-mysql.sql": MYSQL.encode(), "system_exports/ok-sqlite.sql": SQLITE.encode(),
        "system_exports/ok-mysql.sql.gz": gzipped(MYSQL.encode()), "system_exports/ok-machines.xlsx": xlsx(("Machines", MACHINES), ("Jobs", JOBS)),
        "system_exports/ok-jobs.xls": xls("Jobs", JOBS), "system_exports/broken-off.sql": POSTGRES[: POSTGRES.index("3\t--")].encode(),
        "system_exports/no-end-mark.sql": MYSQL[: MYSQL.index("-- Dump completed")].encode(),
        "system_exports/given-up.sql": SQLITE.replace("COMMIT;", "ROLLBACK; -- due to errors").encode(),
        "system_exports/nothing-in-it.xlsx": xlsx(("Machines", ())),
        "event_streams/ok-shop.jsonl": shop, "event_streams/ok-shop.jsonl.gz": gzipped(shop),
        "event_streams/ok-epoch.jsonl": lines([{"time": int((BEGIN + timedelta(seconds=n)).timestamp() * 1000), "level": "info", "n": n} for n in range(5)]),
        "event_streams/broken-off.jsonl": shop[:-30], "event_streams/broken-off.jsonl.gz": gzipped(shop)[:-60],
        "event_streams/bad-lines.jsonl": b"".join([lines(mixed[:2]), b"plain words\n", lines(mixed[2:4]), b"[1, 2]\n", lines(mixed[4:])]),
        "event_streams/ok-late-writer.jsonl": late, "event_streams/from-tomorrow.jsonl": lines(events(3, begin=BEGIN + timedelta(days=9))),
        "api_responses/ok-lists.json": answer(), "api_responses/ok-one-resource.json": b'{"id": "a17", "name": "Night Works", "plan": "small", "seats": 3}\n',
        "api_responses/no-rows.json": answer(0), "api_responses/says-no.json": b'{"status": 401, "title": "Unauthorized", "detail": "The token has expired."}\n',
        "api_responses/error-page.json": b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n",
        "api_responses/broken-off.json": answer()[:-40],
    }  # fmt: skip
