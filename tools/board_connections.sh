#!/usr/bin/env bash
# tools/board_connections.sh [N]: N times connect, log in, run a command and leave (2000). Tells the memory the board
# holds on the way; fails when descriptors, threads or memory stay behind. Release build; the test-suite does 300.
set -euo pipefail
cd "$(dirname "$0")/.."
VNPU_SSH_CYCLES=${1:-2000} /usr/bin/python3 tests/host/ssh_test.py "${VNPU:-build/release/bin/vnpu}" Load.test_connections_leave_nothing_behind
