"""What a page or body is when it is not data: a sign-in page, a challenge, an error."""

from __future__ import annotations

import json
import re

_LOOK = 2 << 20
_TITLE = re.compile(rb"<title[^>]{0,200}>\s*([^<]{0,300})", re.IGNORECASE)
_HEADING = re.compile(rb"<h1[^>]{0,300}>\s*([^<]{0,300})", re.IGNORECASE)
_PASSWORD = re.compile(rb"<input\b[^>]{0,600}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_CODE = re.compile(
    rb"<input\b[^>]{0,600}\bautocomplete\s*=\s*[\"']?one-time-code\b|\b(?:action|id|name|class|forward)\s*=\s*[\"'][^\"'>]{0,300}newcomputer",
    re.IGNORECASE,
)
_CHALLENGE_WORDS = re.compile(
    rb"just a moment|attention required|checking your browser|verify (?:that )?you are (?:a )?human|are you a robot|security check"
    rb"|unusual traffic|new computer|newcomputer|verification code|two-factor|two-step|confirm it.?s you",
    re.IGNORECASE,
)
_CHALLENGE_MARKS = re.compile(
    rb"id\s*=\s*[\"']challenge-(?:form|running|error-text)|cf-browser-verification|_cf_chl_opt|class\s*=\s*[\"']cf-error-details",
    re.IGNORECASE,
)
_SIGN_IN_WORDS = re.compile(rb"\b(?:sign|log)[ -]?in\b|\blog on\b|session (?:has )?expired", re.IGNORECASE)
_ERROR_WORDS = re.compile(
    rb"\b(?:4\d\d|5\d\d)\b.{0,40}(?:error|not found|forbidden|unavailable|gateway|timeout|too many|bad|unauthori[sz]ed|denied)"
    rb"|^\s*(?:error\b|oops)|internal server error|service (?:temporarily )?unavailable|bad gateway|gateway time-?out|page not found"
    rb"|access denied|forbidden|too many requests|something went wrong|under maintenance|temporarily unavailable",
    re.IGNORECASE,
)


def looks_like_html(data: bytes) -> bool:
    """Whether the bytes begin as an HTML page does (after BOM, blanks and comments)."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n\f").lower()
    while head.startswith(b"<!--") and (end := head.find(b"-->")) >= 0:
        head = head[end + 3 :].lstrip()
    return head.startswith(
        (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<div", b"<form", b"<script", b"<meta", b"<?xml")
    )


def page_kind(data: bytes) -> str | None:
    """None for data, else `sign-in`, `challenge` or `error`: asked of every capture, whatever the feed's format.

    HTML: a password field means sign-in; a one-time-code field, the words of an interstitial in title or heading, or its marks mean
    challenge; error words in title or heading mean error. Words in running text decide nothing: member pages hold them too. JSON: an object
    whose `error` or `errors` is filled is an error body. Looks at the first 2 MiB.

    Source: DistroKid and Cloudflare pages as described in the platform notes; Graph API error envelope (documented).
    """
    if looks_like_html(data):
        return _html_kind(data[:_LOOK])
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{") and len(data) <= 65536:
        return "error" if is_error_body(data) else None
    if len(data) <= 4096 and re.match(
        rb"\s*(?:error\b|upstream connect error|bad gateway|too many requests|forbidden)", data, re.IGNORECASE
    ):
        return "error"
    return None


def _html_kind(data: bytes) -> str | None:
    words = b" ".join(m[1] for m in (_TITLE.search(data), _HEADING.search(data)) if m)
    if _CHALLENGE_WORDS.search(words) or _CHALLENGE_MARKS.search(data) or _CODE.search(data):
        return "challenge"
    if _PASSWORD.search(data):
        return "sign-in"
    if _ERROR_WORDS.search(words):
        return "error"
    return "sign-in" if _SIGN_IN_WORDS.search(words) and len(data) < 100_000 else None


def is_error_body(data: bytes) -> bool:
    """Whether a small JSON object is the platform's way of saying no: a filled `error` or `errors`, or `success: false` with a message."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    if value.get("error") not in (None, "", [], {}, False, 0) or value.get("errors") not in (None, "", [], {}, False, 0):
        return True
    return "data" not in value and value.get("success") in (False, 0) and "success" in value
