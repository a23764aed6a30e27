#!/usr/bin/env python3
"""How much each rule that AX620A files leave open changes a model's outputs (docs/arithmetic_ax620.md): needs numpy.

usage: open_rules.py VNPU FILE.joint [...]
For a made-up picture: share of output values that change under each --quirks rule, the largest change, the cosine.
"""
import json, os, subprocess, sys, tempfile
import numpy as np

RULES = ['round_half_up', 'round_truncate', 'fused_scale', 'table_integer']


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    vnpu = sys.argv[1]
    print('| file | rule | values changed | largest change | cosine |\n|---|---|---|---|---|')
    for path in sys.argv[2:]:
        info = json.loads(subprocess.run([vnpu, 'info', path, '--json'], check=True, capture_output=True).stdout)
        with tempfile.TemporaryDirectory() as folder:
            feed = {}
            for t in info['programs'][0]['inputs']:
                h, w = t['shape'][1], t['shape'][2]
                c = t['shape'][3]
                n = t['bytes']
                y, x, k = np.meshgrid(np.arange(n // (w * c)), np.arange(w), np.arange(c), indexing='ij')
                feed[t['name']] = ((7 * x + 11 * y + 53 * k + (x * y >> 5)) & 255).astype(np.uint8).reshape(-1)
                if n == h * w * c:
                    feed[t['name']] = feed[t['name']].reshape(t['shape'])
            np.savez(os.path.join(folder, 'in.npz'), **feed)

            def run(rule):
                out = os.path.join(folder, rule + '.npz')
                subprocess.run([vnpu, 'run', path, '-i', os.path.join(folder, 'in.npz'), '-o', out, '--quirks', rule], check=True, capture_output=True)
                z = np.load(out)
                return np.concatenate([z[k].astype(np.float64).reshape(-1) for k in z])

            base = run('none')
            for rule in RULES:
                other = run(rule)
                cosine = float(base @ other / np.sqrt((base @ base) * (other @ other)))
                print('| %s | %s | %.2f %% | %.4g | %.6f |' % (os.path.basename(path)[:-6], rule, 100 * np.mean(base != other), np.abs(base - other).max(), cosine))


if __name__ == '__main__':
    main()
