#!/usr/bin/python3
"""Writes the reference of the configuration, of what the program itself says it reads.

usage: reference.py PROGRAM markdown FOLDER   docs/reference
       reference.py PROGRAM man FOLDER        baselined.yaml(5), baselined-mapping(5), baselined-measures(5)
"""
import json
import pathlib
import subprocess
import sys
import textwrap

from manual import escaped, heading

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = {
    "main": "config/examples/everything.yaml",
    "mapping": "config/examples/exports/mappings/incidents.yaml",
    "measures": "config/examples/exports/measures/vpn.yaml",
}


def asked(program, *words):
    return json.loads(subprocess.run([program, "config", *words], check=True, capture_output=True, text=True).stdout)


def choices(words):
    *others, last = [f"`{word}`" for word in words]
    return f"{', '.join(others)} or {last}" if others else last


class Section:
    """A map of keys, or alternatives, with what is said of it."""

    def __init__(self, name, node):
        self.name = name.replace("-", " ")
        self.about = node["description"]
        self.node = node

    @staticmethod
    def target(node):
        """The definition that a node refers to."""
        return node.get("$ref", "").removeprefix("#/definitions/")

    def value(self, node, link):
        """What may stand there, in words."""
        if self.target(node):
            return link(self.target(node))
        if "enum" in node:
            return choices(node["enum"])
        if "anyOf" in node:
            first, *others = node["anyOf"]
            if "pattern" in others[0]:  # words of the main file may be a reference
                return self.value(first, link)
            if others == [{"type": "array", "items": first}]:
                return f"{self.value(first, link)}, or a list"
            return ", or ".join(self.value(one, link) for one in node["anyOf"])
        if node.get("type") == "array":
            return f"list: {self.value(node['items'], link)}"
        if node.get("type") == "object" and "properties" in node:
            return "map"
        if node.get("type") == "object":
            return f"map, by {node['propertyNames']['title']}: {self.value(node['additionalProperties'], link)}"
        return "anything"

    def entries(self, link, node=None, before=""):
        """(key, what may stand there, what it means); keys of maps without a name of their own stand below them."""
        node = node or self.node
        for key, inner in node.get("properties", {}).items():
            about = inner.get("description", "")
            if key in node.get("required", []):
                about += " Required."
            if "default" in inner:
                default = inner["default"]
                about += f" Default: `{str(default).lower() if isinstance(default, bool) else default}`."
            yield before + key, self.value(inner, link), about.strip()
            if "properties" in inner:
                yield from self.entries(link, inner, f"{before}{key}: ")
        if isinstance(node.get("additionalProperties"), dict) and "properties" in node:
            yield "NAME", self.value(node["additionalProperties"], link), f"Any other key is a {node['propertyNames']['title']}."

    def rules(self, link):
        """What holds between its keys."""
        for rule in self.node.get("allOf", []):
            condition = rule.get("if", {}).get("properties")
            if condition:
                key, value = next((key, inner["const"]) for key, inner in condition.items())
                then = rule["then"]
                needed = ", ".join(f"`{name}`" for name in then.get("required", []))
                yield f"`{key}: {value}` " + (f"needs {needed}." if needed else f"makes it a {link(self.target(then))}.")
            for kind, words in (("oneOf", "Exactly one of"), ("anyOf", "At least one of")):
                if kind in rule:
                    yield f"{words}: " + "; ".join(" with ".join(f"`{name}`" for name in one["required"]) for one in rule[kind]) + "."
        if "properties" not in self.node and "allOf" not in self.node:
            yield f"Is {self.value(self.node, link)}."


def sections(schema):
    """The whole first, then what it refers to; types of single values last."""
    maps = [Section(schema["title"], schema)]
    scalars = []
    for name, node in schema["definitions"].items():
        if isinstance(node.get("type"), list):
            scalars.append((name.replace("-", " "), node["description"]))
        else:
            maps.append(Section(name, node))
    return maps, scalars


# Markdown

MADE = "<!-- Made by packaging/reference.py of what the program says: not to be edited. -->\n\n"


def cell(text):
    return text.replace("|", "\\|")


def link_in_markdown(name):
    name = name.replace("-", " ")
    return f"[{name}](#{name.replace(' ', '-')})"


def page_in_markdown(title, schema):
    maps, scalars = sections(schema)
    lines = [f"# {title}", ""]
    for section in maps:
        lines += [] if section is maps[0] else [f"## {section.name}", ""]
        lines += [section.about, ""]
        rows = list(section.entries(link_in_markdown))
        if rows:
            lines += ["| key | value | meaning |", "|---|---|---|"]
            lines += [f"| `{cell(key)}` | {cell(value)} | {cell(about)} |" for key, value, about in rows]
            lines.append("")
        lines += [line for rule in section.rules(link_in_markdown) for line in (rule, "")]
    lines += ["## Types of values", ""]
    for name, about in scalars:
        lines += [f"### {name}", "", about, ""]
    return MADE + "\n".join(lines).rstrip() + "\n"


def fields_in_markdown(fields):
    rows = [f"| `{field['name']}` | " + (choices(field["choices"]) if "choices" in field else field["type"]) + " |" for field in fields]
    return ["| field | type |", "|---|---|", *rows, ""]


def kinds_in_markdown(kinds):
    lines = [
        "# Kinds of records and their fields", "",
        "What a mapping's `fields` may name, and conditions too, besides attributes of your own. `caused_by`, `problem`, `task` and `parent`",
        "hold the other record's `number` or `id` in the same source; either matches.", "",
        "## every kind", "", *fields_in_markdown(kinds["every_kind"]),
    ]  # fmt: skip
    for kind in kinds["kinds"]:
        lines += [f"## {kind['name']}", "", *fields_in_markdown(kind["fields"])]
    return MADE + "\n".join(lines).rstrip() + "\n"


def indicators_in_markdown(indicators):
    lines = ["# Shipped indicators", "", "Their names are fixed; a definition that changes gets a new version, which is shown with each figure.", "",
             "| name | what it says | kind | form | unit | better |", "|---|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| [{one['name']}](#{one['name']}) | {one['title']} | {one['kind']} | {one['form']} | {one['unit']} | {one['better']} |" for one in indicators]
    for one in indicators:
        lines += ["", f"## {one['name']}", "", "```yaml", "indicators:", one["definition"].rstrip(), "```"]
    return MADE + "\n".join(lines) + "\n"


PAGES = [("main", "baselined.yaml"), ("mapping", "Mapping files"), ("indicators", "Indicator files"), ("measures", "Measure files")]


def index_in_markdown():
    others = [("kinds", "Kinds of records and their fields"), ("shipped-indicators", "Shipped indicators")]
    lines = ["# Reference", "", "What `baselined check` reads, as `baselined config schema`, `kinds` and `indicators` tell it:", ""]
    return MADE + "\n".join(lines + [f"- [{title}]({page}.md)" for page, title in PAGES + others]) + "\n"


def write_markdown(program, folder):
    (folder / "README.md").write_text(index_in_markdown(), encoding="utf-8")
    for kind, title in PAGES:
        (folder / f"{kind}.md").write_text(page_in_markdown(title, asked(program, "schema", kind)), encoding="utf-8")
    (folder / "kinds.md").write_text(kinds_in_markdown(asked(program, "kinds", "--json")), encoding="utf-8")
    (folder / "shipped-indicators.md").write_text(indicators_in_markdown(asked(program, "indicators", "--json")["indicators"]), encoding="utf-8")


# Manual pages


def wrapped(text):
    return escaped("\n".join(textwrap.wrap(text, 60, break_long_words=False, break_on_hyphens=False)))


def in_roff(text):
    """Words of the configuration, which stand in backquotes, become bold."""
    parts = wrapped(text).split("`")
    return "".join(f"\\fB{part}\\fR" if place % 2 else part for place, part in enumerate(parts))


def link_in_roff(name):
    return name.replace("-", " ")


def keys_in_roff(schema, of_more=""):
    maps, scalars = sections(schema)
    lines = [f".SH {of_more or 'KEYS'}"]
    for section in maps:
        lines += [] if section is maps[0] else [f".SS {escaped(section.name)}"]
        lines.append(in_roff(section.about))
        for key, value, about in section.entries(link_in_roff):
            told = in_roff(value)
            is_short = "\n" not in told  # the tag of a paragraph is one line
            lines += [".TP", f"\\fB{escaped(key)}\\fR" + (f" ({told})" if is_short else "")]
            lines.append(in_roff(about if is_short else f"({value}) {about}") or "\\&")
        for rule in section.rules(link_in_roff):
            lines += [".PP", in_roff(rule)]
    return lines, scalars


def types_in_roff(scalars):
    lines = [".SH TYPES OF VALUES"]
    for name, about in scalars:
        lines += [".TP", f"\\fB{escaped(name)}\\fR", in_roff(about)]
    return lines


def kinds_in_roff(kinds):
    lines = [".SH KINDS AND THEIR FIELDS", "Besides these there may be attributes of your own."]
    for name, fields in [("every kind", kinds["every_kind"]), *((kind["name"], kind["fields"]) for kind in kinds["kinds"])]:
        told = [field["name"] + " (" + ("|".join(field["choices"]) if "choices" in field else field["type"]) + ")" for field in fields]
        lines += [".TP", f"\\fB{name}\\fR", wrapped(", ".join(told))]
    return lines


def indicators_in_roff(indicators):
    lines = [".SH SHIPPED INDICATORS"]
    for one in indicators:
        lines += [".TP", f"\\fB{one['name']}\\fR", escaped(f"{one['title']}; {one['unit']}, {one['better']} is better")]
    return lines


def example_in_roff(kind):
    text = (ROOT / EXAMPLES[kind]).read_text(encoding="utf-8").rstrip()
    return [".SH EXAMPLE", ".nf", *(escaped(line) or "\\&" for line in text.splitlines()), ".fi"]


def write_manual(program, folder):
    main, mapping, indicators, measures = (asked(program, "schema", kind) for kind in ("main", "mapping", "indicators", "measures"))
    shipped = asked(program, "indicators", "--json")["indicators"]

    def write(name, about, lines, see_also):
        others = [".SH SEE ALSO", ",\n".join(f".BR {escaped(other)} ({number})" for other, number in see_also).replace(",\n", " ,\n")]
        page = [*heading(program, name, 5), ".SH NAME", f"{escaped(name)} \\- {about}", *lines, *others]
        (folder / f"{name}.5").write_text("\n".join(page) + "\n", encoding="utf-8")

    keys, scalars = keys_in_roff(main)
    write("baselined.yaml", "the configuration of baselined", keys + types_in_roff(scalars) + example_in_roff("main"),
          [("baselined", 1), ("baselined-mapping", 5), ("baselined-measures", 5)])  # fmt: skip
    keys, scalars = keys_in_roff(mapping)
    write("baselined-mapping", "how a source's rows become records", keys + types_in_roff(scalars) + kinds_in_roff(asked(program, "kinds", "--json")) + example_in_roff("mapping"),
          [("baselined", 1), ("baselined.yaml", 5), ("baselined-measures", 5)])  # fmt: skip
    keys, scalars = keys_in_roff(measures, "MEASURES")
    more, more_scalars = keys_in_roff(indicators, "INDICATORS")
    known = {name for name, _ in scalars}
    write("baselined-measures", "measures, and indicators of one's own",
          keys + more + types_in_roff(scalars + [one for one in more_scalars if one[0] not in known]) + indicators_in_roff(shipped) + example_in_roff("measures"),
          [("baselined", 1), ("baselined.yaml", 5), ("baselined-mapping", 5)])  # fmt: skip


def main(program, form, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    {"markdown": write_markdown, "man": write_manual}[form](program, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
