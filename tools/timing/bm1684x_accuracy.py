#!/usr/bin/env python3
"""The BM1684X's time model beside the converter's own estimate, command by command and in total.

  bm1684x_accuracy.py --vnpu build/release/bin/vnpu [CASES ...] [--worst 10] [--limits]

CASES: folders of golden cases or of their .tar.xz archives (default: ../shared/golden/bm1684x beside the checkout). A case
with a compiler_profile.txt is compared command by command on the board bm1684x-ideal, which is the converter's machine; one
whose case.json holds only the total ("profile": {"tcyc": N}), by its total. --limits: exit 1 unless the medians are within
5 % (TIU commands), 15 % (GDMA commands) and 5 % (totals). --commands: a folder with NAME.cmds.tar.xz (raw queues of a model, no
weights) and NAME.profile.txt.xz beside it; each is compared like a case, in a model file made of one of the cases. --only: names
of those, as a regular expression. --models: a folder that convert_published.py made; its models are compared instead of cases.
"""

import argparse, collections, glob, json, lzma, os, re, statistics, struct, subprocess, sys, tarfile, tempfile

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/golden/bm1684x")
ROW = re.compile(r"\|(\w+)\|s:\d+\|b:(\d+)\|g:(\d+)\|e:\d+\|t:(\d+)")


def told(path):
    """[[(kind, cycles) of the TIU], [.. of the GDMA]], total"""
    text = open(path).read()
    engines = [[], []]
    for kind, b, g, cycles in ROW.findall(text):
        engines[kind.startswith("GDMA")].append((kind, int(cycles)))
    return engines, sum(int(each) for each in re.findall(r"TCYC : (\d+)", text))


def ours(vnpu, model, trace):
    done = subprocess.run([vnpu, "profile", model, "--board", "bm1684x-ideal", "--json", "--trace", trace],
                          capture_output=True, text=True)
    if done.returncode:
        return None, None, done.stderr.strip()
    engines = [[], []]
    for event in json.load(open(trace))["traceEvents"]:
        if event.get("cat") in ("tiu", "gdma"):
            engines[event["cat"] == "gdma"].append((event["name"], event["args"]["cycles"]))
    return engines, json.loads(done.stdout)["inference_cycles"], None


def with_queues(vnpu, base, tiu, gdma, counts):
    """The model file `base` (one command group) with other queues behind its own bytes."""
    data = bytearray(open(base, "rb").read())
    info = json.loads(subprocess.run([vnpu, "info", "--json", base], capture_output=True, text=True, check=True).stdout)
    (group,) = info["programs"][0]["subnets"][0]["groups"]
    end = 64 + struct.unpack_from("<I", data, 8)[0]
    queues = [group["tiu_queue"], group["gdma_queue"]]
    before = [[each["file_offset"] - end, each["bytes"]] for each in queues]
    after = []
    for queue in (tiu, gdma):
        data += bytes(-len(data) % 4096)
        after.append([len(data) - end, len(queue)])
        data += queue
    for form, old, new in (("<QQ", before[0], after[0]), ("<QQ", before[1], after[1]),
                           ("<II", [group["tiu"], group["gdma"]], counts)):
        old, new, at = struct.pack(form, *old), struct.pack(form, *new), data.find(struct.pack(form, *old), 64, end)
        while at >= 0:
            data[at : at + len(old)] = new
            at = data.find(old, at + len(old), end)
    struct.pack_into("<Q", data, 12, len(data) - end)
    return bytes(data)


def unpack_commands(vnpu, folder, only, base, scratch):
    for archive in sorted(glob.glob(os.path.join(folder, "*.cmds.tar.xz"))):
        name = os.path.basename(archive)[: -len(".cmds.tar.xz")]
        listing = os.path.join(folder, name + ".profile.txt.xz")
        if not re.search(only, name) or not os.path.exists(listing):
            continue
        with tarfile.open(archive) as tar:
            members = {member.name.rsplit(".", 1)[1]: tar.extractfile(member).read() for member in tar.getmembers()}
            if len(tar.getmembers()) != 2:
                continue  # several groups
        case = os.path.join(scratch, "commands", name)
        os.makedirs(case)
        text = lzma.open(listing, "rt").read()
        open(os.path.join(case, "compiler_profile.txt"), "w").write(text)
        open(os.path.join(case, "case.json"), "w").write("{}")
        kinds = [kind.startswith("GDMA") for kind, *_ in ROW.findall(text)]
        counts = [kinds.count(False) + 1, kinds.count(True) + 1]  # and the end commands
        with open(os.path.join(case, "model.bmodel"), "wb") as file:
            file.write(with_queues(vnpu, base, members["tiu"], members["gdma"], counts))


def apart(mine, theirs):
    return abs(mine - theirs) / max(theirs, 1)


def print_spread(name, errors):
    errors = sorted(errors)
    within = [100.0 * sum(e <= limit for e in errors) / len(errors) for limit in (0, 0.05, 0.15)]
    print("%-8s %6d   median %6.2f %%   mean %6.2f %%   worst %8.1f %%   equal %5.1f %%   within 5 %% %5.1f %%   within 15 %% %5.1f %%"
          % (name, len(errors), 100 * statistics.median(errors), 100 * statistics.mean(errors), 100 * errors[-1], *within))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--vnpu", default="build/release/bin/vnpu")
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--commands")
    parser.add_argument("--only", default="")
    parser.add_argument("--models")
    options = parser.parse_args()
    folders = options.cases or ([] if options.models else [SHARED])
    for folder in folders:
        if not os.path.isdir(folder):
            sys.exit("%s is not there: name a folder of golden BM1684X cases" % folder)
    commands, cycles, totals, refused, odd = ([], []), ([0, 0], [0, 0]), [], [], []
    kinds = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            for archive in sorted(glob.glob(os.path.join(folder, "*.tar.xz"))):
                if os.path.basename(archive) not in ("kernel.tar.xz", "errors.tar.xz"):
                    with tarfile.open(archive) as tar:
                        tar.extractall(scratch)  # our own archives; Debian 12's first Python has no filters
        if options.commands:
            bases = sorted(glob.glob(os.path.join(scratch, "act/*/model.bmodel")))
            if not bases:
                sys.exit("--commands needs the cases act/...")
            base = open(bases[0], "rb").read()
            for case in glob.glob(os.path.join(scratch, "*/*/model.bmodel")):
                os.remove(case)  # the queues alone are compared
            folders = []
            with tempfile.NamedTemporaryFile(suffix=".bmodel") as file:
                file.write(base)
                file.flush()
                unpack_commands(options.vnpu, options.commands, options.only, file.name, scratch)
        found = [scratch] + folders
        models = sorted(path for root in found for path in glob.glob(os.path.join(root, "**/model.bmodel"), recursive=True))
        if options.models:
            models = sorted(glob.glob(os.path.join(options.models, "*/bm1684x_*.bmodel")))
        for model in models:
            case = os.path.dirname(model)
            if options.models:
                name, total = "/".join(model.split("/")[-2:]), None
                listing = model[: -len(".bmodel")] + ".profile.txt"
            else:
                name = "/".join(case.split("/")[-2:])
                total = json.load(open(os.path.join(case, "case.json"))).get("profile", {}).get("tcyc")
                listing = os.path.join(case, "compiler_profile.txt")
            theirs = None
            if os.path.exists(listing):
                theirs, total = told(listing)
            if not total:
                continue
            mine, sum_of_mine, why = ours(options.vnpu, model, os.path.join(scratch, "trace.json"))
            if mine is None:
                refused.append("%s: %s" % (name, why))
                continue
            totals.append((apart(sum_of_mine, total), name, sum_of_mine, total))
            if theirs is None:
                continue
            for engine in (0, 1):
                if len(mine[engine]) != len(theirs[engine]):
                    odd.append("%s: %d commands here, %d there" % (name, len(mine[engine]), len(theirs[engine])))
                    continue
                for (what, a), (kind, b) in zip(mine[engine], theirs[engine]):
                    commands[engine].append(apart(a, b))
                    kinds[what].append((apart(a, b), name, a, b))
                    cycles[engine][0] += a
                    cycles[engine][1] += b
    if not totals:
        sys.exit("no case tells its time")
    for engine, name in ((0, "TIU"), (1, "GDMA")):
        if commands[engine]:
            print_spread(name, commands[engine])
            print("%-8s %d cycles here, %d there (%+.2f %%)"
                  % ("", cycles[engine][0], cycles[engine][1], 100.0 * (cycles[engine][0] / cycles[engine][1] - 1)))
    print_spread("totals", [each[0] for each in totals])
    for what, rows in sorted(kinds.items()):
        differ = [row for row in rows if row[0] > 0.05]
        if differ:
            worst = max(differ)
            print("  %-26s %5d of %5d differ by more than 5 %%; worst %s: %d, there %d" % (what, len(differ), len(rows), *worst[1:]))
    for error, name, mine, theirs in sorted(totals, reverse=True)[: options.worst]:
        print("  total %-32s %+8.2f %%  %d, there %d" % (name, 100.0 * (mine / theirs - 1), mine, theirs))
    for each in refused:
        print("  refused:", each)
    for each in odd:
        print("  not compared:", each)
    if options.limits:
        held = [(commands[0], 0.05), (commands[1], 0.15), ([each[0] for each in totals], 0.05)]
        if any(errors and statistics.median(errors) > limit for errors, limit in held):
            sys.exit("a median is above its limit")


if __name__ == "__main__":
    main()
