"""The one key table. Bindings, the key bar, the help and the palette are made from it, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from .places import PLACES


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does.

    Attributes:
        keys: Textual's key names, comma separated; the first is the one shown.
        action: the method `do_<action>` of the view (or the app), and its `why_not` subject.
        label: one or two words for the key bar; empty keeps it out of the bar.
        help: a sentence for the help and the palette.
        shown: how the key is written, if not as its name.
        safe: may stand in the palette.
    """

    keys: str
    action: str
    label: str
    help: str
    shown: str = ""
    safe: bool = True

    @property
    def face(self) -> str:
        """The key as the operator reads it."""
        return self.shown or self.keys.split(",")[0]


EVERYWHERE = "everywhere"
TITLES = {
    EVERYWHERE: "Everywhere",
    **{place.name: place.title for place in PLACES.values()},
    "prompt": "Code prompt",
    "scan": "QR code",
    "page": "Page of a platform",
}

_MOVE = (
    Key("up,k", "up", "", "one row up", "↑ k"),
    Key("down,j", "down", "", "one row down", "↓ j"),
    Key("pageup,ctrl+b", "page_up", "", "one page up", "PgUp"),
    Key("pagedown,ctrl+f", "page_down", "", "one page down", "PgDn"),
    Key("home,g", "home", "", "to the first row", "Home g"),
    Key("end,G", "end", "", "to the last row", "End G"),
)

KEYS: dict[str, tuple[Key, ...]] = {
    EVERYWHERE: (
        *(Key(p.keys, f"view_{p.name}", "", f"{p.title}: {p.about}", p.face) for p in PLACES.values()),
        Key("a", "answer", "", "answer the platform's question (code, password, QR code, page)"),
        Key("exclamation_mark", "needs", "", "what waits for a human", "!"),
        Key("u", "undo", "", "undo the newest decision, as a new event"),
        Key("colon", "command", "", "command line: filter, show, goto, extract, sql, quit", ":"),
        Key("question_mark,f1", "help", "help", "this help", "?"),
        Key("ctrl+p", "palette", "", "search the commands", "ctrl+p", safe=False),
        Key("ctrl+l", "redraw", "", "draw the whole screen again"),
        Key("ctrl+z", "suspend", "", "suspend to the shell; fg comes back"),
        Key("ctrl+q", "quit", "quit", "leave the console; runs go on"),
    ),
    "files": (
        *_MOVE,
        Key("slash", "filter", "filter", "filter as you type: status:failed platform:x since:7d words", "/"),
        Key("space", "mark", "mark", "mark or unmark, and go down"),
        Key("shift+up,K", "mark_up", "", "mark this one and the one above; the other way takes it back", "⇧↑ K"),
        Key("shift+down,J", "mark_down", "", "mark this one and the one below; the other way takes it back", "⇧↓ J"),
        Key("shift+pageup", "mark_page_up", "", "mark a page upwards", "⇧PgUp"),
        Key("shift+pagedown", "mark_page_down", "", "mark a page downwards", "⇧PgDn"),
        Key("m", "mark_range", "", "mark from the last mark to here, also what is not seen; without a mark: begin here"),
        Key("asterisk", "mark_all", "", "mark all that the filter has; again: none", "*"),
        Key("M", "unmark", "", "drop all marks"),
        Key("enter", "details", "details", "everything about this file; on a group: its files"),
        Key("b", "group", "group", "count by platform, feed, day, status; then files again"),
        Key("e", "review", "review", "open it in Review"),
        Key("p", "promote", "promote", "promote to raw: this file, or the marked ones", safe=False),
        Key("q", "quarantine", "quarantine", "quarantine with a reason: this file, or the marked ones", safe=False),
        Key("r", "release", "release", "release from quarantine back to landing", safe=False),
        Key("w", "withdraw", "", "withdraw from raw into quarantine", safe=False),
        Key("v", "validate", "validate", "validate again", safe=False),
        Key("o", "order", "order", "next order: newest, worst, largest, feed, path; groups: files, size, name"),
        Key("O", "turn", "", "turn the order round"),
        Key("X", "stop", "", "stop the decision under way after its next files", safe=False),
        Key("y", "copy_id", "", "copy the id to the terminal's clipboard"),
        Key("Y", "copy_path", "", "copy the path"),
        Key("escape", "back", "", "back to the groups; drop the filter, then the marks", "esc"),
    ),
    "review": (
        Key("p", "promote", "promote", "promote this file to raw", safe=False),
        Key("q", "quarantine", "quarantine", "quarantine this file with a reason", safe=False),
        Key("n", "next", "next", "next file of the queue; in the preview, after a search: next place"),
        Key("enter", "open", "open", "on a finding: its place in the preview; on a node or member: open or close it"),
        Key("tab", "pane", "preview", "from the report to the preview, and back"),
        Key("t", "form", "form", "preview: its next form (structure, as parsed, text)"),
        Key("slash", "search", "search", "preview: find words; #120 goes to row 120, /days/3 to that place", "/"),
        Key("A", "accept", "accept", "on a drift finding: accept it into a new schema version, or take that back", safe=False),
        Key("d", "whole", "", "diff: only what changed, or rows that stayed the same and all their columns too"),
        Key("b,N", "back", "back", "file before; in the preview, after a search: place before", "b"),
        Key("v", "validate", "validate", "validate again", safe=False),
        Key("r", "release", "", "release from quarantine back to landing", safe=False),
        Key("escape", "leave", "", "stop looking; out of a member; back to the report", "esc"),
        Key("up,k", "up", "", "finding, node or line above", "↑ k"),
        Key("down,j", "down", "", "finding, node or line below", "↓ j"),
        Key("left,h", "left", "", "preview: close a node; columns to the left", "← h"),
        Key("right,l", "right", "", "preview: open a node; columns to the right", "→ l"),
        Key("pageup,ctrl+b", "page_up", "", "page up", "PgUp"),
        Key("pagedown,space,ctrl+f", "page_down", "", "page down", "PgDn space"),
        Key("home,g", "home", "", "to the top", "Home g"),
        Key("end,G", "end", "", "to the end", "End G"),
        Key("y", "copy_id", "", "copy the id to the terminal's clipboard"),
        Key("Y", "copy_path", "", "copy the path"),
    ),
    "runs": (
        Key("s", "start", "start", "start extractions: one account, or the marked ones", safe=False),
        Key("d", "start_due", "due", "start all that is due, after a preview", safe=False),
        Key("c", "cancel", "cancel", "cancel the chosen run", safe=False),
        Key("C", "cancel_all", "", "cancel every run that is going", safe=False),
        Key("r", "again", "again", "run it again: what a partial run missed, else the same", safe=False),
        Key("enter", "large", "log", "the log on the whole screen, or the list again"),
        Key("l", "level", "", "log: everything, warnings and errors, errors only"),
        Key("slash", "search", "search", "log: search as you type; n and N go on", "/"),
        Key("e", "error", "", "log: to the next error, with the stage that it arose in"),
        Key("f", "files", "files", "the files this run landed"),
        Key("space", "pause", "", "log: stand still, or follow the end"),
        Key("n", "next_match", "", "log: next place of the text"),
        Key("N", "match_before", "", "log: place before"),
        Key("w", "wrap", "", "log: wrap long lines, or cut them"),
        Key("up,k", "up", "", "run above", "↑ k"),
        Key("down,j", "down", "", "run below", "↓ j"),
        Key("pageup,ctrl+b", "page_up", "", "log: page up", "PgUp"),
        Key("pagedown,ctrl+f", "page_down", "", "log: page down", "PgDn"),
        Key("home,g", "home", "", "log: to the beginning", "Home g"),
        Key("end,G", "end", "", "log: to the end, and follow it", "G End"),
        Key("y", "copy_id", "", "copy the run's id"),
        Key("Y", "copy_command", "", "copy the command that runs it again"),
        Key("escape", "back", "", "out of the large log, the search, the standing still", "esc"),
    ),
    "sessions": (
        Key("c", "check", "check", "check the saved login: a run that proves it and brings nothing; nobody is asked", safe=False),
        Key("i", "import", "import", "import a login from a browser's export, and check it", safe=False),
        Key("s", "start", "start", "start an extraction with you present: it signs in anew where it must", safe=False),
        Key("b", "rollback", "roll back", "drop the newest saved login for the one before", safe=False),
        Key("F", "forget", "forget", "forget every saved login of the account", safe=False),
        Key("l,enter", "log", "log", "the log of the newest run, in Runs", "l"),
        Key("y", "copy_command", "", "copy the command that is to be done next"),
        *_MOVE[:2],
        Key("pageup,ctrl+b", "page_up", "", "details: page up", "PgUp"),
        Key("pagedown,space,ctrl+f", "page_down", "", "details: page down", "PgDn"),
        *_MOVE[4:],
    ),
    "health": (
        Key("w,enter", "why", "why", "why this feed is late: what ran, what waits, how the login stands, what to do", "w"),
        Key("s", "start", "start", "start an extraction of its platform and account", safe=False),
        Key("f", "files", "files", "the files of this feed, in Files"),
        Key("n", "login", "login", "its login, in Sessions"),
        Key("y", "copy_command", "", "copy the command that tells the same in a shell"),
        *_MOVE[:2],
        Key("pageup,ctrl+b", "page_up", "", "figures: page up", "PgUp"),
        Key("pagedown,space,ctrl+f", "page_down", "figures", "figures: page down", "PgDn"),
        *_MOVE[4:],
    ),
    "sql": (
        Key("ctrl+r,ctrl+j", "run", "run", "run the query", "ctrl+r"),
        Key("ctrl+s", "stop", "stop", "stop the running query, or the export"),
        Key("ctrl+o", "open", "open", "saved queries, starters, and what was asked: search, edit, run"),
        Key("ctrl+t", "starters", "starters", "starter queries: freshness, failures, duplicates, growth ..."),
        Key("ctrl+g", "schema", "schema", "views, columns and macros; tab completes them while you type"),
        Key("ctrl+n", "new", "new", "a new query; what stands in the editor is the query before (ctrl+up)"),
        Key("tab", "complete", "", "complete the word at the cursor; ↑ ↓ choose, esc drops the offers"),
        Key("ctrl+up", "older", "", "query before (history)"),
        Key("ctrl+down", "newer", "", "query after (history)"),
        Key("escape", "leave", "rows", "from the editor to the rows", "esc"),
        Key("i", "edit", "edit", "from the rows back to the editor"),
        Key("space", "mark", "mark", "mark or unmark a row that names a file, and go down"),
        Key("shift+up,K", "mark_up", "", "mark this one and the one above; the other way takes it back", "⇧↑ K"),
        Key("shift+down,J", "mark_down", "", "mark this one and the one below; the other way takes it back", "⇧↓ J"),
        Key("m", "mark_range", "", "mark from the last mark to here, also what is not seen; without a mark: begin here"),
        Key("asterisk", "mark_all", "", "mark all rows that name a file; again: none", "*"),
        Key("M", "unmark", "", "drop all marks"),
        Key("enter", "details", "details", "everything about the row's file"),
        Key("e", "review", "review", "open the row's file in Review"),
        Key("f", "open_files", "files", "open the row's file, or the marked ones, in Files"),
        Key("p", "promote", "promote", "promote to raw: the row's file, or the marked ones", safe=False),
        Key("q", "quarantine", "quarantine", "quarantine with a reason: the row's file, or the marked ones", safe=False),
        Key("r", "release", "", "release from quarantine back to landing", safe=False),
        Key("w", "withdraw", "", "withdraw from raw into quarantine", safe=False),
        Key("v", "validate", "", "validate again", safe=False),
        Key("x", "export", "export", "export all rows to a file: csv, json lines, parquet"),
        Key("s", "save", "save", "save the query under a name"),
        Key("c", "declare", "", "make the query a check: its rows are violations"),
        Key("C", "checks", "", "run all saved checks"),
        Key("z", "cell", "", "the whole value under the cursor"),
        Key("y", "copy_row", "", "copy the row"),
        Key("Y", "copy_cell", "", "copy the value"),
        *_MOVE[:2],
        Key("left,h", "left", "", "column to the left", "← h"),
        Key("right,l", "right", "", "column to the right", "→ l"),
        Key("less_than_sign", "narrower", "", "the column narrower", "<"),
        Key("greater_than_sign", "wider", "", "the column wider", ">"),
        *_MOVE[2:],
    ),
    "audit": (
        Key(
            "slash",
            "filter",
            "filter",
            "filter as you type: kind:decided verb:promote who:uid:1000 file:ID run:ID platform:x since:7d",
            "/",
        ),
        Key("enter,f", "file", "file", "the file that the event is about; esc comes back", "enter"),
        Key("o", "same_file", "its events", "all events of this file; esc drops the filter"),
        Key("r", "run", "run", "the run that the event is about, in Runs"),
        Key("v", "verify", "verify", "walk the whole chain of hashes, and note how it was found"),
        Key("V", "verify_anchored", "", "verify with an anchor that was kept outside this machine"),
        Key("i", "state", "state", "how the journal was found when it was last verified"),
        Key("y", "copy_event", "", "copy the event as JSON"),
        *_MOVE,
        Key("J,space", "fields_down", "", "fields: page down", "J space"),
        Key("K", "fields_up", "", "fields: page up"),
        Key("escape", "back", "", "stop verifying or looking back, then drop the filter", "esc"),
    ),
    "prompt": (
        Key("enter", "send", "send", "send the answer"),
        Key("ctrl+r", "resend", "new code", "ask the platform for a new code, where it can"),
        Key("ctrl+o", "other", "other way", "another way, where the platform offers one"),
        Key("ctrl+n", "next", "next", "the next question, where several platforms ask"),
        Key("escape", "leave", "leave", "leave the prompt; it stays open", "esc"),
    ),
    "scan": (
        Key("r,enter", "look", "look again", "look again at once; it is looked at every two seconds anyway", "r"),
        Key("i", "invert", "invert", "light on dark, or dark on light, where there are no colours"),
        Key("D", "done", "done", "tell the run that it was scanned, if it does not see it by itself"),
        Key("escape,q", "leave", "leave", "leave the code; the run waits on", "esc"),
    ),
    "page": (
        Key("enter,space", "click", "click", "click where the crosshair is; in the text, the place of the line", "enter"),
        Key("t", "type", "type", "type into what has the focus on the page; it is not shown"),
        Key("e", "enter", "Enter", "press Enter on the page"),
        Key("p", "press", "", "press another key on the page: arrows, Escape, Delete and such"),
        Key("tab", "tab", "", "press Tab on the page"),
        Key("backspace", "backspace", "", "press Backspace on the page"),
        Key("d", "drag", "drag", "drag: from the crosshair now to where it is when pressed again"),
        Key("plus,equals_sign", "nearer", "+", "larger, around the crosshair", "+"),
        Key("minus", "farther", "-", "smaller", "-"),
        Key("o", "outline", "text", "the page as text, whose places can be clicked too, or as picture again"),
        Key("r", "look", "look", "look again"),
        Key("D", "done", "done", "tell the run that the page is solved, if it does not see it by itself"),
        Key("escape,q", "leave", "leave", "leave the page; the run waits on", "esc"),
        Key("up,k", "up", "", "crosshair up", "↑ k"),
        Key("down,j", "down", "", "crosshair down", "↓ j"),
        Key("left,h", "left", "", "crosshair to the left", "← h"),
        Key("right,l", "right", "", "crosshair to the right", "→ l"),
        Key("shift+up,K", "far_up", "", "crosshair up by five", "K"),
        Key("shift+down,J", "far_down", "", "crosshair down by five", "J"),
        Key("shift+left,H", "far_left", "", "crosshair to the left by ten", "H"),
        Key("shift+right,L", "far_right", "", "crosshair to the right by ten", "L"),
        Key("pageup", "page_up", "", "scroll the page up", "PgUp"),
        Key("pagedown", "page_down", "", "scroll the page down", "PgDn"),
    ),
}


def bindings(where: str) -> list[Binding]:
    """Textual bindings of one place. All lead to `act(...)`, which asks `why_not` first. Leaving works from everywhere, the palette too."""
    return [
        Binding(
            key.keys,
            f"{'app.' if where == EVERYWHERE else ''}act('{key.action}')",
            key.label or key.help,
            show=False,
            priority=key.action == "quit",
        )
        for key in KEYS[where]
    ]
