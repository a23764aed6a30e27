#!/usr/bin/env python3
"""Builds networks of published_nets.py for the Sophgo chips, with a made-up calibration table (thresholds of 2.0: the
arithmetic is meaningless, the commands and so the times are those of the network).

    VENV/bin/python convert_published.py OUTDIR NETWORK CHIP [QUANT] [--batch N] [--onnx FILE --shape 1,3,640,640] [-- OPTION ...]
    e.g.  convert_published.py w mobilenet_v2 cv181x        -> w/mobilenet_v2/cv181x.cvimodel
          convert_published.py w resnet50_torch bm1684x F16 -> w/resnet50_torch/bm1684x_F16.bmodel, and the converter's
                                                               cycle profile in bm1684x_F16.profile.txt
          convert_published.py w yolov5s bm1684x INT8 --batch 4 -> w/yolov5s/bm1684x_INT8_4b.bmodel

With --onnx the network is a public file instead; NETWORK then only names the folder. What follows -- goes to model_deploy.
In an 8-bit model the nodes that the network names (keep_float) stay F16.

Run it with the python of the environment that tools/oracle/setup.sh makes.  Known to fail: resnet50 (caffe strides) for cv182x and
cv183x stops in the code generator of tpu_mlir 1.30.2 (assert t->shape.h > 0).
"""

import argparse, os, re, shutil, subprocess, sys

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


def quantize_table(d, mlir_names, onnx):
    """The nodes that stay float, as a table for model_deploy; None without any."""
    if not os.path.exists(d + "/" + onnx + ".float"):
        return None
    kept = [line.strip() for line in open(d + "/" + onnx + ".float")]
    with open(d + "/qtable", "w") as f:
        f.write("# op_name quantize_mode\n")
        f.writelines("%s F16\n" % n for n in kept if n in mlir_names)
    return "qtable"


def main():
    words = sys.argv[1:]
    more = words[words.index("--") + 1 :] if "--" in words else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("net")
    parser.add_argument("chip")
    parser.add_argument("quant", nargs="?", default="INT8")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--onnx")
    parser.add_argument("--shape")
    options = parser.parse_args(words[: len(words) - len(more) - 1] if "--" in words else words)
    net, chip, quant = options.net, options.chip, options.quant
    d = os.path.abspath(os.path.join(options.out, net))
    os.makedirs(d, exist_ok=True)
    of_batch = "" if options.batch == 1 else "_%db" % options.batch
    stem = "m" + of_batch
    if not os.path.exists("%s/%s.onnx" % (d, stem)):
        if options.onnx:
            shutil.copy(options.onnx, "%s/%s.onnx" % (d, stem))
        else:
            builder = [sys.executable, HERE + "/published_nets.py", net, "%s/%s.onnx" % (d, stem), str(options.batch)]
            subprocess.run(builder, check=True)
    if not os.path.exists("%s/%s.mlir" % (d, stem)):
        shape = ["--input_shapes", "[[%s]]" % options.shape] if options.shape else []
        tool("model_transform.py", "--model_name", net + of_batch, "--model_def", stem + ".onnx", "--mlir", stem + ".mlir",
             *shape, cwd=d)
    names = sorted(set(re.findall(r'loc\("([^"]+)"\)', open("%s/%s.mlir" % (d, stem)).read())))
    with open(d + "/cal", "w") as f:
        f.write(
            "# made up\n# histogram number: 2048\n# sample number: 1\n# tune number: 5\n###\n# op_name    threshold    min    max\n"
        )
        f.writelines("%s 2.0000000 -2.0000000 2.0000000\n" % n for n in names)
    table = quantize_table(d, set(names), stem + ".onnx") if quant == "INT8" else None
    bm = chip.startswith("bm")
    name = "%s_%s%s" % (chip, quant, of_batch) if bm else chip
    model = name + (".bmodel" if bm else ".cvimodel")
    tool("model_deploy.py", "--mlir", stem + ".mlir", "--chip", chip, "--quantize", quant, "--calibration_table", "cal",
         *(["--quantize_table", table] if table else []), "--model", model, *more, cwd=d)
    if bm:
        shutil.copy(d + "/compiler_profile_0.txt", d + "/" + name + ".profile.txt")
    print(os.path.join(d, model))


if __name__ == "__main__":
    main()
