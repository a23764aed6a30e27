#!/usr/bin/env python3
"""Builds networks of published_nets.py for the Sophgo chips, with a made-up calibration table (thresholds of 2.0: the
arithmetic is meaningless, the commands and so the times are those of the network).

    VENV/bin/python convert_published.py OUTDIR NETWORK CHIP [QUANT] ...
    e.g.  convert_published.py w mobilenet_v2 cv181x        -> w/mobilenet_v2/cv181x.cvimodel
          convert_published.py w resnet50_torch bm1684x F16 -> w/resnet50_torch/bm1684x_F16.profile.txt (the converter's cycle profile)

Run it with the python of the environment that oracle/setup.sh makes.  Known to fail: resnet50 (caffe strides) for cv182x and
cv183x stops in the code generator of tpu_mlir 1.30.2 (assert t->shape.h > 0).
"""

import os, re, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))


def tool(name, *args, cwd):
    import tpu_mlir

    root = os.path.dirname(tpu_mlir.__file__)
    env = dict(os.environ, TPUC_ROOT=root, PROJECT_ROOT=root, OMP_NUM_THREADS="1")
    env["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), root + "/bin", root + "/python/tools", env["PATH"]])
    env["LD_LIBRARY_PATH"] = root + "/lib:" + root + "/capi/lib"
    env["PYTHONPATH"] = os.pathsep.join(
        [root, root + "/python", root + "/lib", root + "/customlayer/python", env.get("PYTHONPATH", "")]
    )
    with open(os.path.join(cwd, name.replace(".py", "") + ".log"), "w") as log:
        subprocess.run(
            [sys.executable, os.path.join(root, "python/tools", name)] + list(args),
            cwd=cwd,
            env=env,
            check=True,
            stdout=log,
            stderr=log,
        )


def main(out, net, chip, quant="INT8"):
    d = os.path.abspath(os.path.join(out, net))
    os.makedirs(d, exist_ok=True)
    if not os.path.exists(d + "/m.onnx"):
        subprocess.run([sys.executable, HERE + "/published_nets.py", net, d + "/m.onnx"], check=True)
    if not os.path.exists(d + "/m.mlir"):
        tool("model_transform.py", "--model_name", net, "--model_def", "m.onnx", "--mlir", "m.mlir", cwd=d)
    names = sorted(set(re.findall(r'loc\("([^"]+)"\)', open(d + "/m.mlir").read())))
    with open(d + "/cal", "w") as f:
        f.write(
            "# made up\n# histogram number: 2048\n# sample number: 1\n# tune number: 5\n###\n# op_name    threshold    min    max\n"
        )
        f.writelines("%s 2.0000000 -2.0000000 2.0000000\n" % n for n in names)
    bm = chip.startswith("bm")
    model = "%s_%s.bmodel" % (chip, quant) if bm else chip + ".cvimodel"
    tool(
        "model_deploy.py",
        "--mlir",
        "m.mlir",
        "--chip",
        chip,
        "--quantize",
        quant,
        "--calibration_table",
        "cal",
        "--model",
        model,
        cwd=d,
    )
    if bm:
        shutil.copy(d + "/compiler_profile_0.txt", d + "/%s_%s.profile.txt" % (chip, quant))
    print(os.path.join(d, model))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:5])
