#!/usr/bin/env bash
# tools/tidy.sh [FILE...]: clang-tidy with .clang-tidy's checks over the given sources, or over all; slow. Needs the package clang-tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset debug -DCMAKE_CXX_COMPILER=clang++ > /dev/null
cmake --build build/debug --target vnpu_models_cvimodel > /dev/null  # the header that flatc makes
files=("$@")
if [ ${#files[@]} = 0 ]; then mapfile -t files < <(git ls-files 'base/*.cpp' 'isa/*.cpp' 'models/*.cpp' 'sim/*.cpp' 'host/*.cpp'); fi
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 4 clang-tidy -p build/debug --quiet
