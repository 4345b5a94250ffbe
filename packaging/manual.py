#!/usr/bin/python3
"""Writes baselined(1) from the program's own help. usage: manual.py PROGRAM OUTPUT"""
import re
import subprocess
import sys
import textwrap

FILES = """.SH FILES
.TP
/etc/baselined/baselined.yaml
The configuration.
.TP
/var/lib/baselined
The store of the service.
.TP
/usr/share/baselined
The shipped mappings and indicators, and examples, to read and copy from;
schemas of the configuration for editors.
.SH EXIT STATUS
0: done; 1: failed; 2: wrong usage; 3: a source could not be read;
78: the configuration is bad.
.SH SEE ALSO
.BR baselined.yaml (5) ,
.BR baselined-mapping (5) ,
.BR baselined-measures (5)
"""


def escaped(text):
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"), flags=re.M)


def filled(text):
    """In lines of 80 bytes at most, which is how roff is written."""
    lines = textwrap.wrap(text, 72, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(escaped, lines))


def heading(program, name, section):
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
    return [f'.TH {escaped(name.upper())} {section} 2026-11-26 "baselined {version}"']


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], check=True, capture_output=True, text=True).stdout


def words(text, title):
    """(name, meaning) of each line below a title; a meaning may go on in deeper lines."""
    found = []
    below = re.search(rf"^{title}:\n((?:  .*\n?)*)", text, re.M)
    for line in below[1].splitlines() if below else []:
        begun = re.match(r"  (\S.*?)(?:\s{2,}|$)(.*)", line)
        if begun:
            found.append([begun[1], begun[2]])
        else:
            found[-1][1] += " " + line.strip()
    # A name too long for its column is parted from its meaning by one space only.
    return [(name, meaning.strip()) for name, meaning in found]


def section(program, *command, about):
    text = help_of(program, *command)
    lines = [f".SS baselined {escaped(' '.join(command))}", filled(about) + ("" if about.endswith(".") else ".")]
    for title in ("Positionals", "Options"):
        for name, meaning in words(text, title):
            if "--help" not in name:
                lines += [".TP", f"\\fB{escaped(name)}\\fR", filled(meaning) or "\\&"]
    for name, meaning in words(text, "Subcommands"):
        lines += section(program, *command, name, about=meaning)
    return lines


def main(program, output):
    commands = words(help_of(program), "Subcommands")
    if not commands:
        sys.exit("the program's help names no subcommand")
    lines = [*heading(program, "baselined", 1), ".SH NAME",
             "baselined \\- tells whether the promised value of measures is still likely", ".SH SYNOPSIS",
             ".B baselined", "COMMAND [OPTION ...]", ".SH COMMANDS"]
    for command, about in commands:
        lines += section(program, command, about=about)
    with open(output, "w", encoding="utf-8") as page:
        page.write("\n".join(lines) + "\n" + FILES)


if __name__ == "__main__":
    main(*sys.argv[1:])
