"""Pages of the artists host: home, audience, songs, playlists, and what a stranger sees.

*Seen*: addresses, `span[data-encore-id=text]` of the menu, the two spellings of the filter button, radios by period with a label, the
answers the songs page asks for with a bearer. *Assumed*: that the filter's button names the chosen period, the download button, that exports
are fetched with the bearer, wording.
"""

from __future__ import annotations

import html
import json

from .world import Artist

LABELS = {"1day": "24 hours", "7day": "7 days", "28day": "28 days", "1year": "12 months", "all": "All time"}
MENU = ("home", "music/songs", "audience", "profile")
_TABS = {"music/songs": "Music", "home": "Home", "audience": "Audience", "profile": "Profile"}


def page(title: str, body: str) -> str:
    """A whole page of the artists host."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)} \u2013 Spotify for Artists</title>\n'
        "<style>[hidden], input[type=radio] { display: none !important; }</style>\n</head>\n<body>\n"
        + body
        + "\n</body>\n</html>\n"
    )


def _menu(root: str, *, nav: str) -> str:
    links = "".join(
        f'<li><a href="{root}/{path}"><span data-encore-id="text" class="e-91{n}-text">{_TABS[path]}</span></a></li>'
        for n, path in enumerate(MENU)
    )
    return f'<{nav}><ul class="Nav__list-x{len(root)}">{links}</ul></{nav}>'


def member(root: str, artist: Artist, body: str, *, changed: bool = False) -> str:
    """A page for members. `root`: `/c/artist/<id>`."""
    menu = _menu(root.replace("/artist/", "/creator/"), nav="div") if changed else _menu(root, nav="nav")
    return page(artist.name, f"{menu}<main><h1>{html.escape(artist.name)}</h1>{body}</main>")


def no_access() -> str:
    """What somebody sees who is not in the artist's team (status 403; wording *assumed*)."""
    return page(
        "No access", "<main><h1>You don't have access to this artist</h1><p>Ask an admin of the team to invite you.</p></main>"
    )


_SCRIPT = """
const $ = id => document.getElementById(id);
let token = null, chosen = DEFAULT; const kept = {};
async function bearer() {
  if (!token) {
    const r = await fetch("/api/token", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({artist: ARTIST})});
    if (r.status === 401) { location.reload(); return new Promise(() => {}); }
    if (!r.ok) throw new Error("token " + r.status);
    token = (await r.json()).accessToken;
  }
  return {headers: {Authorization: "Bearer " + token}};
}
function toast(text) { $("toast").textContent = text; $("toast").hidden = false; }
async function dates() {
  const r = await fetch(GENERIC + "/s4x-insights-api/v1/meta/latest-date", await bearer());
  $("until").textContent = "Data until " + (await r.json()).latestDate;
}
async function save(button) {
  $("toast").hidden = true;
  try {
    const r = await fetch(EXPORT + "?time-filter=" + chosen, await bearer());
    if (!r.ok) throw new Error("export " + r.status);
    const name = decodeURIComponent((r.headers.get("Content-Disposition") || "").split("''")[1] || "export.csv");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([await r.arrayBuffer()], {type: "text/csv"})); link.download = name; link.click();
  } catch (e) { toast("Something went wrong (" + e.message + ")"); }
}
function pick(period) {
  if (STUCK) { $("panel").hidden = true; $(DEFAULT).checked = true; return; }
  chosen = period; $("chip").textContent = LABELS[period]; $("panel").hidden = true; changed(period);
}
"""


def _filters() -> str:
    radios = "".join(
        f'<li><input type="radio" name="time-filter" id="{p}" value="{p}"{" checked" if p == "28day" else ""} onchange="pick(this.value)">'
        f'<label for="{p}">{label}</label></li>'
        for p, label in LABELS.items()
    )
    return (
        '<button data-encore-id="chipFilter" aria-label="Select to further filter your results" onclick="document.getElementById(\'panel\')'
        f'.hidden = false" id="chip">{LABELS["28day"]}</button><div id="panel" role="dialog" hidden><ul>{radios}</ul></div>'
        '<button aria-label="Download CSV" data-testid="csv-download" onclick="save(this)"><svg width="16" height="16"></svg></button>'
        '<div id="toast" role="alert" hidden></div><p id="until"></p>'
    )


def _tab(root: str, artist: Artist, export: str, generic: str, changed: str, begin: str, *, stuck: bool, body: str) -> str:
    facts = (
        f"const ARTIST = {json.dumps(artist.id)}, EXPORT = {json.dumps(export)}, GENERIC = {json.dumps(generic)}, LABELS = {json.dumps(LABELS)},"
        f" STUCK = {json.dumps(stuck)}, DEFAULT = '28day';"
    )
    return member(root, artist, f"{_filters()}{body}<script>\n{facts}\n{_SCRIPT}\n{changed}\n{begin}\n</script>")


def audience(root: str, artist: Artist, generic: str, *, stuck: bool = False, elsewhere: str = "") -> str:
    """The audience tab. `elsewhere`: the address changes to this a moment after loading, as after a slow navigation."""
    moved = f"history.replaceState(null, '', {json.dumps(elsewhere)});" if elsewhere else ""
    return _tab(
        root, artist, f"/api/audience/{artist.id}/timeline.csv", generic, "function changed(period) {}", f"dates(); {moved}", stuck=stuck,
        body='<canvas width="600" height="200"></canvas>',
    )  # fmt: skip


def playlists(root: str, artist: Artist, generic: str) -> str:
    """The playlists tab."""
    return _tab(
        root, artist, f"/api/playlists/{artist.id}/playlists.csv", generic, "function changed(period) {}", "dates();", stuck=False,
        body='<table><tr><th>Playlist</th></tr></table>',
    )  # fmt: skip


def songs(root: str, artist: Artist, generic: str, *, silent: str = "") -> str:
    """The songs tab: each period is asked for once and then served from the page's own memory. `silent`: a period it never asks for."""
    changed = f"""async function changed(period) {{
  if (kept[period] || period === {json.dumps(silent)}) return;
  try {{
    const r = await fetch(GENERIC + "/catalog-view/v1/artist/" + ARTIST + "/songs?time-filter=" + period, await bearer());
    if (!r.ok) throw new Error("songs " + r.status);
    kept[period] = await r.json();
    $("rows").innerHTML = kept[period].songs.map(s => "<tr><td></td></tr>").join("");
  }} catch (e) {{ toast("Something went wrong (" + e.message + ")"); }}
}}"""
    return _tab(
        root, artist, f"/api/songs/{artist.id}/songs.csv", generic, changed, "dates(); changed(DEFAULT);", stuck=False,
        body='<table><tbody id="rows"></tbody></table>',
    )  # fmt: skip
