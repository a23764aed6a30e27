#!/usr/bin/env python3
"""How far the AX620A's time model is from published latencies: fitted and leave-one-out, for docs/timing_ax620.md.

usage: ax620_accuracy.py VNPU FOLDER [--fit]
FOLDER holds the public .joint files by their own names. --fit searches the fitted parameters over a grid for all files and
with each left out (some minutes); without it only the shipped values are scored.
"""
import itertools, json, math, os, subprocess, sys

PUBLISHED = {'mobileone_s0': 1.7, 'yolo-fastbody': 3.7, 'yolo-fastest-xl': 6.2, 'scrfd_500m_bnkps_shape640x640': 5.76, 'handpose': 10.0,
             'palm_detection': 20.46, 'model_mv2seg_sim_cut_infer_argmax': 74.9, 'pp_human_seg_mobile_sim': 2.58}
ONE_RUN = {'license_plate_det': 30.51, 'ax_person_det': 4.51}  # one cold run each: shown, not scored
GRID = {'dma.limiter_mbps': [3520, 3840, 4160, 4480], 'dma.start': [150, 170, 190, 205], 'dma.float_beat': [1.5, 2, 2.5], 'issue.wake': [0, 30]}


def milliseconds(vnpu, folder, name, settings=()):
    command = [vnpu, 'profile', os.path.join(folder, name + '.joint'), '--json']
    for setting in settings:
        command += ['--set', setting]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)['forward_ms']


def rms(values):
    values = list(values)
    return math.sqrt(sum(v * v for v in values) / len(values))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    vnpu, folder = sys.argv[1:3]
    names = [n for n in PUBLISHED if os.path.exists(os.path.join(folder, n + '.joint'))]
    print('| file | published ms | ours ms | error |\n|---|---|---|---|')
    errors = {}
    for n in names + [n for n in ONE_RUN if os.path.exists(os.path.join(folder, n + '.joint'))]:
        ms, published = milliseconds(vnpu, folder, n), {**PUBLISHED, **ONE_RUN}[n]
        if n in PUBLISHED:
            errors[n] = math.log(ms / published)
        print('| %s%s | %.2f | %.2f | %+.1f %% |' % (n, '' if n in PUBLISHED else ' (one cold run, not scored)', published, ms, 100 * (ms / published - 1)))
    print('\nRMS of the logarithms: %.1f %% over %d files' % (100 * rms(errors.values()), len(errors)))
    if '--fit' not in sys.argv:
        return
    table = {}
    for values in itertools.product(*GRID.values()):
        settings = ['%s=%g' % x for x in zip(GRID, values)]
        table[values] = {n: math.log(milliseconds(vnpu, folder, n, settings) / PUBLISHED[n]) for n in names}
    best = min(table, key=lambda v: rms(table[v].values()))
    print('best of the grid: %s, %.1f %%' % (dict(zip(GRID, best)), 100 * rms(table[best].values())))
    left = []
    for n in names:
        v = min(table, key=lambda v: rms(x for m, x in table[v].items() if m != n))
        left.append(table[v][n])
        print('%s left out: %+.1f %%' % (n, 100 * (math.exp(table[v][n]) - 1)))
    print('leave-one-out RMS: %.1f %%' % (100 * rms(left)))


if __name__ == '__main__':
    main()
