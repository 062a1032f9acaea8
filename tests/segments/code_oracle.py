"""Which lines read as code, in plain Python: what the compiled segmenter must find of each line."""

import re

LONGEST = 400  # bytes of a line of code
WORDS = re.compile(r"\S+").findall
TYPES = (
    "int|double|float|char|bool|auto|const|let|var|long|void|public|private|static|function|using|std|cout|cin"
    "|System|string|class|struct"
)
BUILTINS = set(
    WORDS(
        "print len range int float str list set dict sorted symbols Symbol solve Eq input map zip enumerate Rational"
        " simplify"
    )
)
OPERATORWORDS = set(WORDS("for in if else and or not is lambda await new"))
NAME = r"[A-Za-z0-9_]+"
DOTTED = rf"{NAME}(?:\.{NAME})*"


def formula(body: str) -> bool:
    if "$" in body:
        return True
    unquoted = re.split("[\"']", body, maxsplit=1)[0]
    commands = re.finditer(r"\\(?:[()\[\]]|[A-Za-z]{2})", body)
    return any(command.start() < len(unquoted) for command in commands)


def code_line(body: str) -> str:
    if len(body.encode()) > LONGEST:
        return "none"
    if body[0] == "#":
        return "comment" if body.startswith("# ") else "strong" if body.startswith("#include") else "none"
    if body.startswith("//"):
        return "comment"
    if body.startswith(">>> "):
        return "strong"
    if body[0] in ")]}{":
        alone = re.fullmatch(r"\{|[)\]}]+[,:;]?|\}.*\{", body, re.DOTALL)
        return "weak" if alone else "none"
    if body[0] == "@":
        return "strong" if re.fullmatch("@" + DOTTED, body) else "none"
    if not re.match("[A-Za-z_]", body):
        return "none"
    level = statement(body)
    return "none" if formula(body) else level


STRONG_STATEMENTS = [
    r"(?:else|try|finally):",
    r"(?:elif |except).*:",
    rf"for (?:{NAME}, ?)*{NAME} in .*:",
    rf"import {DOTTED}(?: as {NAME})?(?:[,;].*)?",
    rf"from {DOTTED} import .*",
    rf"def {NAME}\(.*",
    rf"async def {NAME}\(.*",
    rf"class {NAME}[(:].*",
    r"return .*;",
    r".+\) \{",
    rf"(?:{TYPES})(?![A-Za-z0-9_]).*[;{{]",
    r"print\(.*",
]
KEYWORD = re.compile(r"(?:import|from|def|async|class) ")


def statement(body: str) -> str:
    if re.fullmatch("break|continue|pass", body):
        return "weak"
    if re.fullmatch(NAME, body):
        return "none"
    if any(re.fullmatch(pattern, body, re.DOTALL) for pattern in STRONG_STATEMENTS[:8]):
        return "strong"
    if re.fullmatch(r"(?:if|while|with) .*:", body, re.DOTALL):
        return "weak"
    if KEYWORD.match(body):
        return "none"
    if body.startswith("return "):
        return "strong" if body.endswith(";") else "none" if body.endswith(".") else "weak"
    if any(re.fullmatch(pattern, body, re.DOTALL) for pattern in STRONG_STATEMENTS[9:]):
        return "strong"
    call = re.match(DOTTED + r"\(", body)
    if call and re.search(r"\);?\Z", body):
        return "strong" if "." in call[0] or body.endswith(";") else "weak"
    return assignment(body)


TARGET = re.compile(rf"({NAME})((?:\.{NAME}|\[[^\]]*\])*)(\.?)")


def assignment(body: str) -> str:
    level, i = "weak", 0
    while True:
        target = TARGET.match(body, i)
        if target is None or target[3] or body[target.end() : target.end() + 1] == "[":
            return "none"
        if target[2] or re.search("(?<=[a-z]{2})_(?=[a-z]{2})", target[1]):
            level = "strong"
        i = target.end()
        if body[i : i + 1] != ",":
            break
        i += 2 if body[i + 1 : i + 2] == " " else 1
    operator = re.compile(r" *([+\-*/%]{0,2})=(?!=) *").match(body, i)
    if operator is None or operator.end() == len(body):
        return "none"
    return value(body[operator.end() :], "strong" if operator[1] else level)


TOKEN = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][A-Za-z0-9_]*)|(?P<other>.)", re.DOTALL)


def value(text: str, level: str) -> str:
    depth, before, gap = 0, "", False
    for token in TOKEN.finditer(text):
        i, c = token.start(), token[0]
        if token["name"]:
            word = len(c) >= 2 and c[0] != "_" and c[1] != "_" and not c[1].isdigit()
            plain = word and c not in OPERATORWORDS
            if plain and before and gap:
                return "none"
            before, gap = "word" if plain else "", False
            after = text[token.end() :]
            if (after.startswith("(") and c in BUILTINS) or re.match(rf"(?:\.{NAME})+\(", after):
                level = "strong"
            continue
        if token["number"]:
            before, gap = "number", False
            continue
        if ord(c) >= 128:
            return "none"
        if c in "\"'":
            return "strong" if i <= 1 else level
        if c == "#" and text[i - 1 : i] == " " and i:
            return level
        depth += (c in "([{") - (c in ")]}")
        if c == "=" and depth <= 0:
            sides = (text[i - 1] if i else "=", text[i + 1 : i + 2])
            if not (sides[1] == "=" or sides[0] in "=<>!"):
                return "none"
        if c == " ":
            gap = bool(before)
        else:
            before, gap = "", False
    return "none" if text.endswith(".") else level
