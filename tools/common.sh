# Sourced by ./demo and ./check: messages, root rights, packages.
say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() { printf '   $ %s\n' "$*"; "$@"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs what is missing of the packages listed in tools/packages-*.txt; nothing when all are there.
install_packages() {
  local missing=() name
  for name in $(cat "$@" | sed 's/#.*//'); do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  if [ ${#missing[@]} = 0 ]; then echo "   all packages are installed"; return; fi
  echo "   installing: ${missing[*]}"
  run as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive run as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A Python of its own in build/python with the packages of tools/packages-python.txt, from PyPI. Fails where there is no way
# to PyPI.
install_python_packages() {
  local list=tools/packages-python.txt
  if cmp -s "$list" build/python/installed.txt; then echo "   all packages are installed"; return; fi
  run python3 -m venv build/python &&
    run build/python/bin/pip install --quiet --disable-pip-version-check -r "$list" &&
    cp "$list" build/python/installed.txt
}

build() { # PRESET TARGETS...
  local preset=$1; shift
  run cmake --preset "$preset" > "build/$preset.log" 2>&1 || { mkdir -p build; cat "build/$preset.log"; return 1; }
  NINJA_STATUS="   [%f/%t %es] " run cmake --build "build/$preset" --target "$@"
}

# The MicroPython guest of the boards that have one. Without it (no package index in reach) they are refused by name.
install_guest() {
  tools/guest/install.sh || echo "   the MicroPython guest could not be installed: maix-k210 will say so, its tests are skipped"
}
