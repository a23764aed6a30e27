#!/usr/bin/env python3
"""How fast vnpu runs a .joint beside joint_sim.py: both on one thread, measured in turns in one go.

usage: speed.py --vnpu build/release/bin/vnpu FILE.joint [...] [--rounds 5] [--count 20] [--engines fast,avx2,scalar]

Two ratios a file and engine: of one run (loading and decoding the file not counted, by processor time, the median of the
rounds), and of a whole process (start, load, one run, results; likewise). The files are read once before, so that both find
them in the cache. Outputs are compared byte for byte; a difference ends the script with status 1.
"""
import argparse, json, os, resource, statistics, subprocess, sys, tempfile, time

ONE_THREAD = {k: '1' for k in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS')}
os.environ.update(ONE_THREAD)  # before numpy is loaded
import numpy as np
import joint_sim as S

HERE = os.path.dirname(os.path.abspath(__file__))


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE)
    if done.returncode:
        sys.exit(done.stderr or done.stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('files', nargs='+')
    a.add_argument('--vnpu', required=True)
    a.add_argument('--rounds', type=int, default=5)
    a.add_argument('--count', type=int, default=20)
    a.add_argument('--engines', default='fast,avx2,scalar')
    a = a.parse_args()
    vnpu, failed = os.path.abspath(a.vnpu), False
    print('| file | engine | joint_sim.py, a run | vnpu, a run | ratio | joint_sim.py, a process | vnpu, a process | ratio |\n' + '|---' * 8 + '|')
    for path in map(os.path.abspath, a.files):
        sim = S.Sim(path)
        feed = {x['name']: S.ramp(sim.meta[x['name']], x['end_addr'] - x.get('start_addr', 0)) for x in sim.ba['inputs']}
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out.npz')
            inputs = []
            for i, (name, data) in enumerate(feed.items()):
                open(os.path.join(folder, '%d.bin' % i), 'wb').write(data)
                inputs += ['-i', '%s=%s' % (name, os.path.join(folder, '%d.bin' % i))]
            for engine in a.engines.split(','):
                count = a.count if engine != 'scalar' else 1
                run = [vnpu, 'run', path, *inputs, '--engine', engine, '--json']
                theirs, ours, their_process, our_process = [], [], [], []
                for _ in range(a.rounds):
                    start = time.process_time()
                    wanted = sim.run(feed)
                    theirs.append(time.process_time() - start)
                    ours.append(json.loads(processor_seconds(run + ['-c', str(count)])[1])['processor_seconds'] / count)
                    their_process.append(processor_seconds([sys.executable, os.path.join(HERE, 'joint_sim.py'), path, '--ramp'])[0])
                    our_process.append(processor_seconds(run + ['-o', out])[0])
                made = np.load(out)
                for name, value in wanted.items():
                    if made[name].tobytes() != value.tobytes():
                        print('%s: output %s differs' % (path, name))
                        failed = True
                t, o, tp, op = map(statistics.median, (theirs, ours, their_process, our_process))
                print('| %s | %s | %.1f ms | %.2f ms | %.1f | %.0f ms | %.0f ms | %.1f |' % (
                    os.path.basename(path).removesuffix('.joint'), engine, 1000 * t, 1000 * o, t / o, 1000 * tp, 1000 * op, tp / op), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
