"""The virtual BM1684X board's model_tool against the converter package's, over many models: --info, --weight, --chip,
--print byte for byte, --dump of the whole binary section, and what --extract and --combine make, compared by --print
of the new files (without the time of creation).

  model_tool.py --vnpu build/release/bin/vnpu --vendor .../tpu_mlir/bin/model_tool FOLDER [--limit N]

FOLDER: archives FAMILY.tar.xz of golden cases (CASE/model.bmodel in them). Exit status 1 when anything differs."""
import argparse
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tests" / "host"))
from board_process import BoardProcess  # noqa: E402

SHOWS = ["info", "weight", "chip", "print"]
SKIPPED = {"errors"}  # damaged files: the vendor's tool aborts or says less

# One shell script for both sides: the results of all models, each in a folder of its own.
SCRIPT = """
set -- models/*.bmodel; [ -f first ] || cp $1 first
for m in models/*.bmodel; do
  n=${m##*/}; n=${n%.bmodel}; mkdir -p out/$n
  for w in info weight chip print; do TOOL --$w $m > out/$n/$w; echo $? >> out/$n/status; done
  cd out/$n
  TOOL --dump ../../$m 0 64 dump > dump.log; echo $? >> status
  TOOL --extract ../../$m > extract.log; echo $? >> status
  TOOL --combine bm_net*.bmodel -o again.bmodel > combine.log; echo $? >> status
  TOOL --combine ../../$m ../../$m -o twice.bmodel > twice.log; echo $? >> status
  TOOL --combine ../../first ../../$m -o both.bmodel > both.log; echo $? >> status
  for p in both.bmodel bm_net*.bmodel again.bmodel; do TOOL --print $p | grep -v '^  time: ' > $p.print; rm -f $p; done
  cd ../..
done
"""


def models_of(folder, limit):
    for archive in sorted(folder.glob("*.tar.xz")):
        family = archive.name[:-len(".tar.xz")]
        if family in SKIPPED:
            continue
        with tarfile.open(archive) as file:
            for member in file:
                path = pathlib.PurePath(member.name)
                if path.name == "model.bmodel" and limit != 0:
                    limit -= 1
                    yield f"{family}-{path.parent.name}.bmodel", file.extractfile(member).read()


def tar_of(folder):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.add(folder, arcname=".")
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vnpu", required=True)
    parser.add_argument("--vendor", required=True)
    parser.add_argument("--limit", type=int, default=-1)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models").mkdir()
        for model, data in models_of(args.folder, args.limit):
            (folder / "models" / model).write_bytes(data)
        models = sorted((folder / "models").iterdir())
        if not models:
            parser.error("no models in " + str(args.folder))
        subprocess.run(["bash", "-c", SCRIPT.replace("TOOL", str(pathlib.Path(args.vendor).resolve()))], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        board = BoardProcess(args.vnpu, "bm1684x-soc")
        try:
            board.host = "root@bm1684x-soc"
            for part in range(0, len(models), 40):  # the board's folders live in memory
                upload = io.BytesIO()
                with tarfile.open(fileobj=upload, mode="w") as file:
                    for model in models[part:part + 40]:
                        file.add(model, arcname="models/" + model.name)
                command = "mkdir -p /data/t && cd /data/t && tar -xf - && " + SCRIPT.replace("TOOL", "model_tool").strip()
                command += "\ntar -cf - out; rm -r out models"
                ran = board.ssh(command, input=upload.getvalue(), timeout=1200)
                with tarfile.open(fileobj=io.BytesIO(ran.stdout)) as file:
                    file.extractall(folder / "ours")
        finally:
            board.stop()
        compared, different = 0, []
        for theirs in sorted((folder / "out").rglob("*")):
            if theirs.is_dir():
                continue
            place = theirs.relative_to(folder / "out")
            ours = folder / "ours" / "out" / place
            compared += 1
            if not ours.exists() or ours.read_bytes() != theirs.read_bytes():
                different.append((place, theirs, ours))
        print(f"{len(models)} models, {compared} results, {len(different)} different")
        for place, theirs, ours in different[:20]:
            print("==", place)
            subprocess.run(f"diff '{theirs}' '{ours}' | head -6", shell=True)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
