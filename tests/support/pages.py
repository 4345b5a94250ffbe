"""README.md and docs as their tests see them: blocks of text, the commands of a console, what these print."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block:
    """`language` of a comment: event or wait. `installed`: it is of a machine that has the package."""

    def __init__(self, page, line, language, text, installed):
        self.page, self.line, self.language, self.text, self.installed = page, line, language, text, installed

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page):
    """The fenced blocks of a page, without their indent, and its comments to the tests."""
    found, fence, installed = [], None, False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        stripped = line.strip()
        if fence is None and stripped in ("<!-- installed -->", "<!-- by hand -->"):
            installed = stripped == "<!-- installed -->"
        elif fence is None and (comment := re.fullmatch(r"<!-- (now|wait): (.+) -->", stripped)):
            found.append(Block(page, number, {"now": "event", "wait": "wait"}[comment[1]], comment[2], installed))
        elif fence is None and re.fullmatch(r"```\w*", stripped):
            fence = (number, stripped[3:], len(line) - len(line.lstrip()), [])
        elif fence is not None and stripped == "```":
            found.append(Block(page, fence[0], fence[1], "\n".join(fence[3]) + "\n", installed))
            fence = None
        elif fence is not None:
            fence[3].append(line[fence[2]:])
    assert fence is None, f"{page}: a fence stays open"
    return found


def snippet_file(block):
    match = re.match(r"# (\S+\.yaml)\n", block.text)
    return match[1] if match else None


def commands(block):
    """Each with what the page says that it prints."""
    found = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0] += "\n" + line[2:]
        else:
            found[-1][1] += line + "\n"
    return found


def is_as_shown(printed, shown):
    lines = [r"(?:.*\n)*" if line == "..." else ".*".join(re.escape(part) for part in re.split(r"^\.\.\. | \.\.\. | \.\.\.$", line)) + r"\n" for line in shown.rstrip("\n").splitlines()]
    return re.fullmatch("".join(lines), printed.rstrip("\n") + "\n" if printed.strip() else "") is not None


def translate(text, addresses):
    for here, there in addresses.items():
        text = text.replace(here, there)
    return text
