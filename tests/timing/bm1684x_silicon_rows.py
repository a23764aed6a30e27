"""tools/timing/bm1684x_silicon.py on a made-up table: which rows are scored, and against what.

bm1684x_silicon_rows.py VNPU BM1684X_SILICON.PY GOLDEN_FOLDER
"""

import json, os, re, subprocess, sys, tarfile, tempfile

vnpu, script, golden = sys.argv[1:4]
columns = "id,chip,board,network,input_shape,batch,quantisation,measured,value_ms,tiu_busy_ms,tdma_busy_ms,source,trust,notes,recipe"
# network's folder and file, golden case that stands for it, id, type, batch, trust
ROWS = [
    ("resnet50_torch/bm1684x_INT8", "block/big_int8a", "ResNet_resnet50_int8_1b", "int8", 1, "A"),
    ("resnet50_torch/bm1684x_INT8_4b", "block/resblock_int8a", "ResNet_resnet50_int8_4b", "int8", 4, "A"),
    ("c3d/bm1684x_F16", "block/fpn_f16", "C3D_c3d_fp16_1b", "fp16", 1, "A"),
    ("yolo_v5_s/bm1684x_INT8", "block/dense_int8", "YOLOv5_opt_yolov5s_tpukernel_int8_1b", "int8", 1, "A"),
    ("yolov5s_3output/bm1684x_INT8", "block/yolov8head_int8", "YOLOv5_yolov5s_v6.1_3output_int8_1b", "int8", 1, "A"),
]
with tempfile.TemporaryDirectory() as folder:
    table, page = [columns], os.path.join(folder, "page.md")
    with tarfile.open(os.path.join(golden, "block.tar.xz")) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.name.endswith("model.bmodel")}
    for place, case, name, quant, batch, trust in ROWS:
        path = os.path.join(folder, place + ".bmodel")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(files[case + "/model.bmodel"])
        told = json.loads(subprocess.run([vnpu, "profile", "--json", path, "--board", "bm1684x-soc"], check=True,
                                         capture_output=True, text=True).stdout)
        ms = told["inference_ms"] + told["runtime_ms"] - told["copy_in_ms"] - told["copy_out_ms"]
        table.append("bm1684x_%s,bm1684x,SE7,x,x,%d,%s,x,%.9g,,,made up,%s,,x" % (name, batch, quant, 2 * ms / batch, trust))
    # Not scored: another trust, a network that nobody builds, another chip; and one whose model is missing.
    table += [
        "se7_1,bm1684x,SE7,x,x,1,int8,x,99999,,,made up,B,,x",
        "bm1684x_WeNet_wenet_decoder_fp16,bm1684x,SE7,x,x,1,fp16,x,99999,,,made up,A,,x",
        "cv_1,cv181x,EVB,x,x,1,int8,x,99999,,,made up,A,,x",
        "bm1684x_C3D_c3d_fp32_1b,bm1684x,SE7,x,x,1,fp32,x,99999,,,made up,A,,x",
    ]
    with open(os.path.join(folder, "table.csv"), "w") as f:
        f.write("\n".join(table) + "\n")
    done = subprocess.run([sys.executable, "-B", script, "--vnpu", vnpu, "--models", folder, "--out", page,
                           "--published", os.path.join(folder, "table.csv")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = open(page).read()
assert "99999" not in text, text
assert "Not built here: bm1684x_C3D_c3d_fp32_1b." in text, text
# The two yolov5s are one network.
assert re.search(r"\| all \| 5 \| 3 \| mean 50\.0 %, median 50\.0 %, worst 50\.0 %", text), text
assert "1 rows of trust A, 1 rows of trust B" in text, text
assert "| yolo_v5_s (--asymmetric) | INT8 | 1 |" in text, text
# Left out, the others still tell the network's time to be longer.
for line in text.splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) == 8 and cells[1] in ("INT8", "F16"):
        assert float(cells[4]) < float(cells[6]) or cells[5] == cells[7], line
print("ok")
