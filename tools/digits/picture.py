#!/usr/bin/env python3
"""Draws what digits_demo prints in a terminal as an SVG picture for the README.

  picture.py build/release/bin/digits_demo tests/golden/digits docs/demo.svg
"""
import re
import subprocess
import sys
from html import escape

CW, CH, PAD = 7.2, 15, 12  # cell width and height, margin
NAMED = {"31": "#ff6b6b", "32": "#51cf66", "33": "#fcc419"}


def grey(n):
    v = 8 + 10 * (int(n) - 232)
    return "#%02x%02x%02x" % (v, v, v)


def cells(line):
    """[(character, foreground, background)]"""
    fg, bg, out = "#d0d0d0", None, []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not part.startswith("\x1b["):
            out += [(ch, fg, bg) for ch in part]
            continue
        codes = part[2:-1].split(";")
        while codes:
            c = codes.pop(0)
            if c in ("38", "48"):
                codes.pop(0)
                colour = grey(codes.pop(0))
                fg, bg = (colour, bg) if c == "38" else (fg, colour)
            elif c in NAMED:
                fg = NAMED[c]
            else:
                fg, bg = "#d0d0d0", None
    return out


def main():
    program, folder, out = sys.argv[1:4]
    text = subprocess.run([program, folder], capture_output=True, text=True, check=True).stdout
    lines = [cells(line) for line in text.rstrip("\n").split("\n")]
    width = max(len(line) for line in lines) * CW + 2 * PAD
    height = len(lines) * CH + 2 * PAD
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">' % (width, height, width, height),
           '<rect width="100%" height="100%" rx="8" fill="#16181d"/>',
           '<g font-family="ui-monospace,DejaVu Sans Mono,Menlo,monospace" font-size="12" xml:space="preserve" shape-rendering="crispEdges">']
    for y, line in enumerate(lines):
        top, x = PAD + y * CH, 0
        while x < len(line):
            ch, fg, bg = line[x]
            if ch == "\u2580":
                for part, colour in ((0, fg), (1, bg)):
                    svg.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
                        PAD + x * CW, top + part * CH / 2, CW, CH / 2, colour))
                x += 1
                continue
            end = x
            while end < len(line) and line[end][0] != "\u2580" and line[end][1] == fg:
                end += 1
            run = "".join(c[0] for c in line[x:end])
            if run.strip():
                lead = len(run) - len(run.lstrip())
                svg.append('<text x="%.1f" y="%.1f" textLength="%.1f" fill="%s">%s</text>' % (
                    PAD + (x + lead) * CW, top + CH - 4, len(run.strip()) * CW, fg, escape(run.strip())))
            x = end
    svg += ["</g>", "</svg>"]
    with open(out, "w") as f:
        f.write("\n".join(svg) + "\n")


if __name__ == "__main__":
    main()
