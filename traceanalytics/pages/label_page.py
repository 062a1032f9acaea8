"""The labeling page of `ta serve`: the same questions and keys as in the terminal, one answer a request."""

import secrets
from collections.abc import Mapping
from hmac import compare_digest
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.errors import BadInput
from traceanalytics.judging import Answers, Question
from traceanalytics.pages.html import shown_text
from traceanalytics.pages.labeling import ANSWERS, next_step, parts, progress, question_in_words

LONGEST_FORM = 20_000  # bytes of what a form may send
_CSS = Path(__file__).with_name("page.css")
_BUTTONS = (("y", "yes"), ("n", "no"), ("s", "skip"), ("u", "undo"))
_SCRIPT = """
document.addEventListener('keydown', function (event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  var button = document.querySelector('button[data-key="' + CSS.escape(event.key) + '"]');
  if (button) { event.preventDefault(); button.click(); }
  var definition = document.getElementById('definition');
  if (event.key === 'd' && definition) { definition.open = !definition.open; }
});
document.querySelector('form').addEventListener('submit', function (event) {
  if (this.dataset.sent) { event.preventDefault(); }
  this.dataset.sent = 'yes';
});
"""


class LabelPage:
    """Queues that the server was started with; a browser can name these and no other file."""

    def __init__(self, queues: Mapping[str, Answers], token: str) -> None:
        self._queues = queues
        self._token = token

    def show(self, name: str) -> str:
        """Return the document that asks the next question of a queue; without a name, of the only queue."""
        if not self._queues:
            raise BadInput("there is no queue to judge: `ta serve --queue FILE` names one")
        if not name and len(self._queues) > 1:
            links = "".join(
                f'<li><a href="/label?{escape(urlencode({"queue": each}))}">{_text(each)}</a></li>'
                for each in self._queues
            )
            return _document("Queues", f"<h1>Queues</h1><ul>{links}</ul>")
        answers = self._of(name)
        asked = answers.next()
        if asked is None:
            come = f"<p>{_text(next_step(answers))}</p>"
            return _document(
                "All is judged", f"<h1>All is judged</h1>{_said(answers)}{come}{self._form(answers, asked)}"
            )
        question, behavior = asked
        definition = BEHAVIORS.get(behavior)
        return _document(
            behavior,
            f"<h1>{_text(question_in_words(question, behavior))}</h1>{_said(answers)}"
            f'<details id="definition" open><summary>d definition</summary><p>{_text(definition.definition)}</p>'
            f"<p>{_text(definition.border)}</p></details>{self._form(answers, asked)}{_texts(question)}",
        )

    def press(self, name: str, fields: Mapping[str, list[str]]) -> None:
        """Take an answer; a form without the token is refused, one about an answered question changes nothing."""
        if not compare_digest(fields.get("token", [""])[-1].encode(), self._token.encode()):
            raise PermissionError
        answers, key = self._of(name), fields.get("key", [""])[-1]
        if key == "u":
            answers.undo()
            return
        if key not in ANSWERS:
            raise BadInput(f"{shown_text(key)!r} is no answer; there is {', '.join(key for key, _ in _BUTTONS)}")
        asked = answers.next()
        if asked is not None and (asked[0].id, asked[1]) == (_last(fields, "id"), _last(fields, "behavior")):
            answers.answer(*asked, ANSWERS[key])

    def _of(self, name: str) -> Answers:
        if not name and len(self._queues) == 1:
            return next(iter(self._queues.values()))
        if name not in self._queues:
            raise BadInput(f"there is no queue {shown_text(name)!r}; there is {', '.join(self._queues)}")
        return self._queues[name]

    def _form(self, answers: Answers, asked: tuple[Question, str] | None) -> str:
        name = next(name for name, each in self._queues.items() if each is answers)
        held = {"token": self._token, "id": asked[0].id if asked else "", "behavior": asked[1] if asked else ""}
        fields = "".join(f'<input type="hidden" name="{each}" value="{escape(value)}">' for each, value in held.items())
        buttons = "".join(
            f'<button name="key" value="{key}" data-key="{key}"><b>{key}</b> {word}</button> '
            for key, word in _BUTTONS
            if asked is not None or key == "u"
        )
        place = escape(f"/label?{urlencode({'queue': name})}")
        return f'<form class="controls" method="post" action="{place}">{fields}{buttons}</form>'


def _last(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[-1]


def _said(answers: Answers) -> str:
    return f'<p class="more">{_text(progress(answers))}</p>'


def _texts(question: Question) -> str:
    shown = ""
    for heading, text, is_judged in parts(question):
        if text:
            inner = f'<mark style="--c:#0072b2">{_text(text)}</mark>' if is_judged else _text(text)
            shown += f"<h4>{_text(heading)}</h4><pre>{inner}</pre>"
    return shown


def _text(text: str) -> str:
    return escape(shown_text(text))


def _document(title: str, body: str) -> str:
    nonce = secrets.token_urlsafe(16)
    script = f'<script nonce="{nonce}">{_SCRIPT}</script>' if "<form" in body else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'nonce-{nonce}'; "
        "style-src 'unsafe-inline'; img-src data:; form-action 'self'\">"
        f'<link rel="icon" href="data:,"><title>{_text(title)}</title><style>{_CSS.read_text(encoding="utf-8")}</style>'
        f'</head><body><main id="label">{body}</main><p class="more"><a href="/">Pages</a></p>{script}</body></html>\n'
    )
