"""The recorded runs of the boards' own programs (tests/golden/boards) and the folders a tutorial's user has beside them."""
import json
import pathlib
import re
import struct
import tarfile

ARCHIVE = pathlib.Path(__file__).parent.parent / "golden/boards/recorded.tar.xz"
# What a board looks at of a program file: that it is an ELF file (riscv64), and its name.
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 243, 1) + bytes(40)
PROGRAMS = ("cvi_sample_model_info", "cvi_sample_classifier", "cvi_sample_classifier_bf16",
            "cvi_sample_classifier_fused_preprocess", "cvi_sample_classifier_multi_batch")
ENVIRONMENT = """\
#!/bin/sh
export LD_LIBRARY_PATH=$PWD/lib:$PWD/opencv/lib:$LD_LIBRARY_PATH
export PATH=$PWD/bin:$PATH
"""
RUN_CLASSIFIER = """\
#!/bin/sh
set -e
if [ -z $MODEL_PATH ]; then
  echo "$0 MODEL_PATH not set"
  exit 1
fi
model=$MODEL_PATH/mobilenet_v2.cvimodel
if [ ! -e $model ]; then
  echo "$0 Model mobilenet_v2.cvimodel not present"
  exit 1
fi
./bin/cvi_sample_classifier $model ./data/shape.jpg ./data/synset_shapes.txt
"""


class Recordings:
    def __init__(self, folder, chip="cv180x"):
        """Unpacks below `folder` and makes cvimodel_samples, cvitek_tpu_sdk and work there."""
        self.folder = pathlib.Path(folder)
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(self.folder / "recorded")
        self.recorded = self.folder / "recorded"
        self.cases = {case["name"]: case for case in json.loads((self.recorded / f"{chip}.json").read_text())}
        self.models = self.folder / "cvimodel_samples"
        self.sdk = self.folder / "cvitek_tpu_sdk"
        self.work = self.folder / "work"
        self._make_models(chip)
        self._make_sdk()
        self.work.mkdir()
        for name in ("in_f32.npz", "bad.npz", "wrong.npz"):
            (self.work / name).write_bytes((self.recorded / "npz" / name).read_bytes())

    def _make_models(self, chip):
        self.models.mkdir()
        for path in (self.recorded / "models" / chip).iterdir():
            (self.models / path.name).write_bytes(path.read_bytes())
        other = "cv181x" if chip == "cv180x" else "cv180x"
        good = (self.models / "shapes_int8.cvimodel").read_bytes()
        flipped = bytearray(good)
        flipped[9000] ^= 0x55
        for name, data in {
                "wrongchip": (self.recorded / "models" / other / "shapes_int8.cvimodel").read_bytes(),
                "empty": b"", "truncated_header": good[:40], "truncated_body": good[:1500], "truncated_tail": good[:-4096],
                "badmagic": bytes([good[0] ^ 0xff]) + good[1:], "flipped_weight_byte": bytes(flipped),
                "text": b"hello, this is not a model\n" * 8}.items():
            (self.models / f"{name}.cvimodel").write_bytes(data)

    def _make_sdk(self):
        for name in ("bin", "lib", "opencv/lib", "samples/bin", "samples/data"):
            (self.sdk / name).mkdir(parents=True)
        for folder, names in (("bin", ("model_runner", "cvimodel_tool")), ("samples/bin", PROGRAMS)):
            for name in names:
                path = self.sdk / folder / name
                path.write_bytes(ELF)
                path.chmod(0o755)
        for path in (self.recorded / "data").iterdir():
            (self.sdk / "samples/data" / path.name).write_bytes(path.read_bytes())
        (self.sdk / "envs_tpu_sdk.sh").write_text(ENVIRONMENT)
        (self.sdk / "samples/run_classifier.sh").write_text(RUN_CLASSIFIER)
        (self.sdk / "opencv/lib/libopencv_core.so.3.2.0").write_bytes(ELF * 100)
        (self.sdk / "opencv/lib/libopencv_core.so.3.2").symlink_to("libopencv_core.so.3.2.0")
        (self.sdk / "opencv/lib/libopencv_core.so").symlink_to("libopencv_core.so.3.2")

    def out(self, case):
        return self.cases[case]["stdout_pipe"]


def without_report(text):
    """The program's output and the performance unit's reports taken out of it."""
    reports = re.findall(r"(?m)^(?:TPU_LOG_DEBUG tpu_pmu_time\(\) all_info=\d\n)?=+inference total info =+\n(?:.*\n){4}", text)
    for report in reports:
        text = text.replace(report, "", 1)
    return text, reports
