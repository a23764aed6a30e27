#!/bin/bash
# Makes the virtual environment in which the vendor's nncase 1.9 (compiler and simulator of K210 kmodels, version 5)
# runs: Python 3.8, x86-64 Linux.
#
#   tools/oracle/k210/setup.sh [VENV_DIR]    default: ./venv-oracle-k210
#   PYTHON38=/path/to/python3.8              interpreter to use (else: python3.8 in PATH, else pyenv's 3.8.*)
set -euo pipefail
venv=${1:-venv-oracle-k210}
py=${PYTHON38:-}
if [ -z "$py" ]; then
  py=$(command -v python3.8 || true)
  # a pyenv shim answers but fails when that version is not selected
  if [ -n "$py" ] && ! "$py" -c 'import sys; assert sys.version_info[:2]==(3,8)' 2>/dev/null; then py=; fi
fi
if [ -z "$py" ]; then
  for d in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.8.*/bin/python3.8; do [ -x "$d" ] && py=$d; done
fi
[ -n "$py" ] || { echo "no python3.8: install one (pyenv install 3.8) or set PYTHON38" >&2; exit 1; }
[ -x "$venv/bin/python" ] || "$py" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  'nncase==1.9.0.20230322' 'numpy==1.24.4' 'onnx==1.12.0' 'protobuf==3.20.1'
"$venv/bin/python" -c "import nncase; assert nncase.test_target('k210'); print('oracle venv ready')"
