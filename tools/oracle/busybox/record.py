#!/usr/bin/env python3
"""Records what a real BusyBox prints for tests/golden/boards/applets/*.sh.

Each script prints cases behind lines "--- NAME", each ending in "=STATUS". Wanted: a `busybox` with ash, awk and diff on
the PATH (Debian's package does; versions may differ in details, its version is kept with the record).

    tools/oracle/busybox/record.py [SCRIPT]...
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parents[3] / "tests/golden/boards/applets"
APPLETS = ["awk", "diff", "less", "more", "sort", "cat", "date", "sed", "ls", "cp", "mkdir", "rm"]


def main():
    scripts = [pathlib.Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.sh"))
    busybox = subprocess.run(["sh", "-c", "command -v busybox"], capture_output=True, text=True, check=True).stdout.strip()
    version = subprocess.run([busybox], capture_output=True, text=True).stdout.splitlines()[0].split(" (")[0]
    with tempfile.TemporaryDirectory() as folder:
        for applet in APPLETS:
            pathlib.Path(folder, applet).symlink_to(busybox)
        for script in scripts:
            ran = subprocess.run([busybox, "ash", str(script)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": "/root"})
            script.with_suffix(".out").write_bytes(ran.stdout)
            print(f"{script.name}: {len(ran.stdout)} bytes of {version}")


if __name__ == "__main__":
    main()
