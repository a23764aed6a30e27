"""tools/timing/accuracy.py on a made-up table: rows of a validated board are scored, those of a calibrated one are not.

accuracy_rows.py VNPU ACCURACY.PY DIGITS_FOLDER
"""

import os
import shutil
import subprocess
import sys
import tempfile

vnpu, accuracy, digits = sys.argv[1:4]
columns = "id,chip,board,network,input_shape,batch,quantisation,measured,value_ms,tiu_busy_ms,tdma_busy_ms,source,trust,notes,recipe"
nets = ["resnet18", "mobilenet_v1", "mobilenet_v2", "densenet_121", "yolo_v5_s", "shufflenet_v2"]
with tempfile.TemporaryDirectory() as folder:
    rows = [columns]
    for number, net in enumerate(nets):
        os.makedirs(os.path.join(folder, net))
        for chip in ("cv180x", "cv181x"):
            shutil.copy(os.path.join(digits, "digits_%s_int8.cvimodel" % chip), os.path.join(folder, net, chip + ".cvimodel"))
            rows.append("evb_%s_%s,%s,%s EVB,%s,x,1,int8,tpu_only,%g,,,made up,A,,published_nets.py %s: x" % (
                chip, net, chip, chip, net, 0.02 + 0.01 * number, net))
    # However far off: it must not move the score, nor may a row of trust A of that board.
    rows.append('maix_1,cv181x,MaixCAM (SG2002),resnet18,x,1,int8,forward,99999,,,made up,B,,published_nets.py resnet18: x')
    rows.append('maix_2,cv181x,MaixCAM (SG2002),resnet18,x,1,int8,forward,99999,,,made up,A,,published_nets.py resnet18: x')
    table, page = os.path.join(folder, "table.csv"), os.path.join(folder, "accuracy.md")
    with open(table, "w") as f:
        f.write("\n".join(rows) + "\n")
    done = subprocess.run([sys.executable, accuracy, "--vnpu", vnpu, "--models", folder, "--published", table, "--out", page],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with open(page) as f:
        text = f.read()
scored, unscored = text.split("## Boards without a score")
assert "maix" not in scored.lower() and "99999" not in scored, scored
assert "| all | %d |" % (2 * len(nets)) in scored, scored
for row in ("maix_1", "maix_2"):
    line = next(line for line in unscored.splitlines() if row in line)
    assert "calibrated, not validated" in line and "%" not in line, line
print("ok")
