#!/bin/bash
# Makes the virtual environment in which the vendor's converter and simulator of CV180x/CV181x models run:
# tpu_mlir 1.30.2 from PyPI on Python 3.10 (x86-64 Linux; tried on Debian 12).
#
#   tools/oracle/setup.sh [VENV_DIR]    default: $VNPU_ORACLE_VENV, else ./venv-oracle in the current folder
#   PYTHON310=/path/to/python3.10       interpreter to use (else: python3.10 in PATH, else pyenv's 3.10.*)
#
# Needs about 2.0 GB of disk (plus pip's cache, 0.6 GB). Measured: 6 min 20 s on a busy 2-core machine, most of it the download.
# The script can be run again; it repairs what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-${VNPU_ORACLE_VENV:-venv-oracle}}

py=${PYTHON310:-}
if [ -z "$py" ]; then
  py=$(command -v python3.10 || true)
  # a pyenv shim answers but fails when that version is not selected
  if [ -n "$py" ] && ! "$py" -c 'import sys; assert sys.version_info[:2]==(3,10)' 2>/dev/null; then py=; fi
fi
if [ -z "$py" ]; then
  for d in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python3.10; do [ -x "$d" ] && py=$d; done
fi
[ -n "$py" ] || { echo "no python3.10: install one (pyenv install 3.10) or set PYTHON310" >&2; exit 1; }

[ -x "$venv/bin/python" ] || "$py" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"

site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')

# 1. The wheel ships Ubuntu 22.04's C runtime in lib/third_party and puts that folder on
#    LD_LIBRARY_PATH. On a newer distribution (Debian 12: glibc 2.36) every program started in that
#    environment then dies with "version GLIBC_2.36 not found". Put those libraries aside.
tp=$site/tpu_mlir/lib/third_party
mkdir -p "$site/tpu_mlir/lib/third_party_unused"
for f in libc.so.6 libm.so.6 libpthread.so.0 libstdc++.so.6 libgcc_s.so.1 libz.so.1 liblzma.so.5; do
  if [ -e "$tp/$f" ]; then mv "$tp/$f" "$site/tpu_mlir/lib/third_party_unused/"; fi
done

# 2. tpu_mlir imports torch (several GB) but the ONNX/TFLite flows only need torch.tensor(x).numpy().
#    A stand-in module serves unless a real torch is installed (then this step does nothing).
if ! "$venv/bin/pip" show torch >/dev/null 2>&1; then
  cat > "$site/torch.py" <<'PY'
# Stand-in for PyTorch: tpu_mlir's ONNX front end and calibrator import torch but use only
# torch.tensor(x).numpy(). Delete this file to install the real package.
import numpy as _np

__version__ = "0.0.0"


class Tensor(_np.ndarray):
    def numpy(self):
        return _np.asarray(self)


def tensor(x, dtype=None):
    return _np.array(x, dtype=dtype).view(Tensor)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise ImportError("torch." + name + " is not in the stand-in; install the real torch")
PY
fi
chmod +x "$site"/tpu_mlir/bin/* "$site"/tpu_mlir/python/tools/*.py 2>/dev/null || true

"$venv/bin/python" - <<'PY'
import tpu_mlir, onnx, onnxruntime, numpy, os, subprocess, sys
v = subprocess.run([sys.executable, os.path.join(os.environ["TPUC_ROOT"], "python/tools/model_deploy.py"), "-V"],
                   capture_output=True, text=True).stdout.split("\n")
print("tpu_mlir:", [x for x in v if x][-1] if any(v) else "?", " onnx", onnx.__version__,
      " onnxruntime", onnxruntime.__version__, " numpy", numpy.__version__)
PY
echo "oracle venv ready: $venv"
