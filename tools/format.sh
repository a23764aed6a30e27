#!/usr/bin/env bash
# tools/format.sh [--check]: brings all C++ sources to the form of .clang-format, or only looks.
set -euo pipefail
cd "$(dirname "$0")/.."
files() { git ls-files -z '*.cpp' '*.h' '*.inl'; }
if [ "${1:-}" = --check ]; then
  files | xargs -0 clang-format --dry-run --Werror
else
  files | xargs -0 clang-format -i
fi
