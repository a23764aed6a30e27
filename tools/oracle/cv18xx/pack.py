#!/usr/bin/env python3
"""Packs case directories into one .tar.xz per family.

  pack.py OUT_DIR CASES_DIR...        (CASES_DIR/<family>/<case>/)

The archives depend on the files' bytes alone: sorted names, zero times, no owners.
"""

import io
import lzma
import os
import sys
import tarfile


def pack(archive, folders):
    """folders: {path inside the archive: directory}. Returns the archive's size."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for inside in sorted(folders):
            for name in sorted(os.listdir(folders[inside])):
                with open(os.path.join(folders[inside], name), "rb") as f:
                    entry = tarfile.TarInfo(inside + "/" + name)
                    entry.size, entry.mtime, entry.mode = os.fstat(f.fileno()).st_size, 0, 0o644
                    tar.addfile(entry, f)
    data = lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME)
    os.makedirs(os.path.dirname(os.path.abspath(archive)), exist_ok=True)
    with open(archive, "wb") as f:
        f.write(data)
    return len(data)


def main():
    if len(sys.argv) < 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    families = {}
    for top in sys.argv[2:]:
        for family in sorted(os.listdir(top)):
            if family == "failed" or not os.path.isdir(os.path.join(top, family)):
                continue
            for case in os.listdir(os.path.join(top, family)):
                families.setdefault(family, {})[family + "/" + case] = os.path.join(top, family, case)
    for family, cases in sorted(families.items()):
        size = pack("%s/%s.tar.xz" % (sys.argv[1], family), cases)
        print("%-18s %4d cases %9d bytes" % (family, len(cases), size))


if __name__ == "__main__":
    main()
