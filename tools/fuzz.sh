#!/usr/bin/env bash
# tools/fuzz.sh [SECONDS] [NAME...]: builds the fuzzers (clang, ASan, UBSan) and runs each for that long; findings stop it.
# Corpora grow in build/fuzz-corpus/NAME; the seeds are tests/fuzz/seeds/NAME where they exist,
# and those that tools/fuzz_seeds.py makes. VNPU_FUZZ_SEED: where the random numbers start (0, the default: anywhere), so that
# ./check, which sets it, fails for what changed and not by chance. VNPU_FUZZ_RUNS: no more inputs than that (-1, the default:
# as many as there is time for), so that a faster machine does not search further than others.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}; shift || true
mkdir -p build
cmake --preset fuzz > build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
names=("$@")
if [ ${#names[@]} = 0 ]; then names=($(sed -n 's/^vnpu_fuzzer(\(fuzz_[a-z0-9_]*\).*/\1/p' tests/fuzz/CMakeLists.txt)); fi
cmake --build build/fuzz --target "${names[@]}"
: > build/fuzz-passed.txt
python3 tools/fuzz_seeds.py build/fuzz-seeds
for name in "${names[@]}"; do
  corpus=build/fuzz-corpus/$name
  mkdir -p "$corpus"
  seeds=(); [ -d "tests/fuzz/seeds/$name" ] && seeds+=("tests/fuzz/seeds/$name")
  [ -d "build/fuzz-seeds/$name" ] && seeds+=("build/fuzz-seeds/$name")
  echo "   $name: at most $seconds s"
  if ! build/fuzz/bin/$name -max_total_time="$seconds" -runs="${VNPU_FUZZ_RUNS:--1}" -seed="${VNPU_FUZZ_SEED:-0}" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/$name-" \
      "$corpus" "${seeds[@]}" > "build/$name.log" 2>&1; then
    tail -40 "build/$name.log"
    echo "$name: a finding; the input is build/$name-*"
    exit 1
  fi
  grep -E 'number_of_executed_units' "build/$name.log" | sed "s/^/   /"
  echo "$name" >> build/fuzz-passed.txt
done
