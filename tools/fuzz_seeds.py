#!/usr/bin/env python3
"""Makes small seed files for the fuzzers: fuzz_seeds.py DEST writes DEST/<fuzzer>/<seed>.

Only the Python library and the golden cases are used; every run writes the same files.
"""
import gzip
import io
import lzma
import pathlib
import struct
import sys
import tarfile
import zipfile
import zlib


def npy(descr, shape, data, version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    prefix = 8 + (2 if version == 1 else 4)
    header = header.ljust((prefix + len(header) + 1 + 63) // 64 * 64 - prefix - 1) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def npz(arrays, method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in arrays.items():
            with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as entry:
                entry.write(data)
    return out.getvalue()


def png(width, height, colour, depth=8, interlace=0):
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = (width * samples * depth + 7) // 8
    data = b"".join(b"\0" + bytes((x * 7 + y) & 255 for x in range(row)) for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    palette = chunk(b"PLTE", bytes(range(48)) * 16) if colour == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
            + palette + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def jpeg(components, size=8, progressive=False):
    """One flat block a component: every code is the one-bit code of 'no difference' or 'end of block'."""
    def segment(marker, body):
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    blocks = (size // 8) ** 2 * components
    frame = struct.pack(">BHHB", 8, size, size, components)
    frame += b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    scan = bytes([components]) + b"".join(bytes([i + 1, 0]) for i in range(components))
    scan += bytes([0, 0, 0]) if progressive else bytes([0, 63, 0])
    bits = "0" * (blocks * (1 if progressive else 2))
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    table = bytes([1] + [0] * 15 + [0])
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC2 if progressive else 0xC0, frame)
            + segment(0xC4, b"\x00" + table + b"\x10" + table) + segment(0xDA, scan) + data + b"\xff\xd9")


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def cases():
    """The smallest case of some families as fuzz_case wants it: name, zero byte, 32-bit length, bytes of each file."""
    golden = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/cv18xx"
    for family in ("activation", "cpu_topk", "errors", "layers", "merged", "pad", "post", "preproc", "softmax"):
        with tarfile.open(golden / f"{family}.tar.xz") as archive:
            folders = {}
            for entry in archive:
                if entry.isfile() and not entry.name.endswith("info.txt") or entry.name.endswith("/tensor_info.txt"):
                    folder, name = entry.name.rsplit("/", 1)
                    folders.setdefault(folder, {})[name] = archive.extractfile(entry).read()
        usable = [files for files in folders.values() if len(files.get("model.cvimodel", b"")) > 1000]
        files = min(usable, key=lambda files: sum(map(len, files.values())))
        yield f"{family}.case", b"".join(name.encode() + b"\0" + struct.pack("<I", len(data)) + data
                                         for name, data in sorted(files.items()))


def command_records(model):
    """The records of the command buffer that ends a .cvimodel of one TPU routine: (engine, descriptor)."""
    for start in range(48, len(model)):
        records, at = [], start
        while at + 8 <= len(model) and model[at] == model[start] and model[at] in (0xA7, 0xA8) and model[at + 1]:
            records.append((model[at + 2], model[at + 8:at + 8 + model[at + 1]]))
            at += 8 + model[at + 1]
        if at == len(model) and records:
            return model[start:], records
    sys.exit("no command buffer at the end of the model")


def dmabuf(records):
    """One group, as the vendor's runtime lays it out (docs/isa_cv18xx.md)."""
    tiu = [bytearray(words) for engine, words in records if engine == 0]
    tdma = [bytearray(words) for engine, words in records if engine == 2]
    tiu[-1][0] |= 2
    tdma[-1][0] |= 4
    stored = b"".join(words[16 * i:16 * i + 16] for words in tiu for i in (6, 1, 2, 3, 4, 5, 0))
    at_tdma = (512 + len(stored) + 128 + 63) // 64 * 64
    head = struct.pack("<HHIIII", 0xB5B5, 0x1822, at_tdma + 64 * len(tdma), 1, len(tiu), len(tdma)).ljust(128, b"\0")
    group = struct.pack("<5I", 2, len(tiu), len(tdma), 512, at_tdma).ljust(28, b"\0") + b"layer_end"
    return (head + group).ljust(512, b"\0") + stored.ljust(at_tdma - 512, b"\0") + b"".join(tdma), stored


def command_seeds():
    """The first byte chooses what fuzz_commands.cpp takes the rest for; bit 7 is the chip."""
    for path in sorted((pathlib.Path(__file__).parent.parent / "tests/golden/digits").glob("*.cvimodel")):
        stream, records = command_records(path.read_bytes())
        chip = 0 if stream[0] == 0xA7 else 0x80
        buffer, stored = dmabuf(records)
        yield path.stem + ".cmdbuf", bytes([chip]) + stream
        yield path.stem + ".dmabuf", bytes([chip | 1]) + buffer
        yield path.stem + ".stored", bytes([chip | 2]) + stored[:112]
        yield path.stem + ".words", bytes([chip | 3]) + b"".join(words for _, words in records)


def bmodel_seeds():
    """The smallest models of some families, and two that hold several stages or nets."""
    golden = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/bm1684x"
    for family, wanted in (("act", 2), ("index", 2), ("special", 3)):
        with tarfile.open(golden / f"{family}.tar.xz") as archive:
            models = [(entry.size, entry.name) for entry in archive if entry.name.endswith(".bmodel")]
            for _, name in sorted(models)[:wanted]:
                yield name.replace("/", "_"), archive.extractfile(name).read()


def kmodel_seeds(limit=4000):
    """The small models of the K210's golden cases, one of each kind."""
    golden = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/k210"
    kinds = set()
    for version in ("v3", "v4", "v5_first", "v5_second", "errors"):
        with tarfile.open(golden / f"{version}.tar.xz") as archive:
            for entry in archive:
                if not entry.isfile():
                    continue
                name = entry.name.split("/")[1]
                kind = (version, name.split("_", 2)[-1])
                if entry.name.endswith(".kmodel") and entry.size < limit and kind not in kinds:
                    kinds.add(kind)
                    yield f"{name}.kmodel", archive.extractfile(entry).read()


def joint_seeds():
    """Whole files, bare parts and unpacked command lists of the AX620A's golden cases, the first of each kind."""
    root = pathlib.Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(root / "tools/oracle/ax620"))
    import joint_read
    kinds = set()
    with tarfile.open(root / "tests/golden/ax620/cpu.tar.xz") as archive:
        for member in archive.getmembers():
            if member.name.endswith("model.joint"):
                yield "joint", member.name.split("/")[-2], gzip.decompress(archive.extractfile(member).read())
    with tarfile.open(root / "tests/golden/ax620/cases.tar.xz") as archive:
        for entry in archive:
            kind = entry.name.split("_", 2)[-1]
            if not entry.name.endswith("model.joint") or kind in kinds:
                continue
            kinds.add(kind)
            name = kind.split("/")[0]
            file = archive.extractfile(entry).read()
            part = joint_read.members(file)[1]["part_0.neu"]
            yield "joint", name + ".joint", file
            yield "joint", name + ".neu", part
            yield "ax620", name, joint_read.read_neu(part)["_cmds"]


def sftp_seeds():
    """Requests as fuzz_sftp.cpp takes them: two bytes of length, type, id, fields."""
    u32, u64 = (lambda v: struct.pack(">I", v)), (lambda v: struct.pack(">Q", v))

    def text(value):
        value = value.encode() if isinstance(value, str) else value
        return u32(len(value)) + value

    def packet(kind, *fields):
        body = bytes([kind]) + u32(1) + b"".join(fields)
        return struct.pack(">H", len(body)) + body

    def extension(name, *fields):
        return packet(200, text(name + "@openssh.com"), *fields)

    mode, all_attributes = u32(4) + u32(0o755), u32(15) + u64(5) + u32(0) * 2 + u32(0o644) + u32(1) + u32(2)
    yield "file", b"".join([
        packet(3, text("/root/n"), u32(0x1B), mode), packet(6, text("0"), u64(3), text("hello")),
        packet(5, text("0"), u64(0), u32(100)), packet(8, text("0")), packet(10, text("0"), all_attributes), packet(4, text("0"))])
    yield "folder", b"".join([
        packet(14, text("e"), mode), packet(11, text(".")), packet(12, text("0")), packet(12, text("0")), packet(4, text("0")),
        packet(15, text("e"))])
    yield "names", b"".join([
        packet(16, text("../x")), packet(17, text("f")), packet(7, text("l")), packet(9, text("f"), all_attributes),
        packet(18, text("f"), text("g")), packet(20, text("g"), text("k")), packet(19, text("k")), packet(13, text("k"))])
    yield "extensions", b"".join([
        extension("limits"), extension("statvfs", text("/")), extension("posix-rename", text("f"), text("h")),
        extension("hardlink", text("h"), text("i")), extension("lsetstat", text("l"), all_attributes), extension("fsync", text("0")),
        extension("fstatvfs", text("0")), extension("expand-path", text("~/x")),
        extension("users-groups-by-id", text(u32(0) + u32(5)), text(u32(0)))])


def scp_seeds():
    yield "upload", b"T1704164645 0 1704164645 0\nC0600 6 a.txt\nhello\n\0"
    yield "folders", b"D0755 0 d\nC0644 1 x\nx\0D0700 0 e\nE\nE\n\1scp: warning\n"
    yield "download", b"\0" * 12
    yield "escape", b"C0644 4 ../x\nhurt\0"


def seeds():
    yield "fuzz_sftp", dict(sftp_seeds())
    yield "fuzz_scp", dict(scp_seeds())
    yield "fuzz_commands", dict(command_seeds())
    yield "fuzz_bmodel", dict(bmodel_seeds())
    kmodels = dict(kmodel_seeds())
    for target in ("fuzz_kmodel", "fuzz_kmodel_run", "fuzz_stackvm"):
        yield target, kmodels
    joints = list(joint_seeds())
    for target in ("joint", "ax620"):
        yield "fuzz_" + target, {name: data for kind, name, data in joints if kind == target}
    arrays = {"a": npy("<f4", "(1, 2, 3)", bytes(24)), "b": npy("|i1", "(5,)", b"12345"), "c": npy("<u2", "()", b"\1\2")}
    yield "fuzz_npz", {
        "stored.npz": npz(arrays, zipfile.ZIP_STORED),
        "deflated.npz": npz(arrays, zipfile.ZIP_DEFLATED),
        "one.npy": arrays["a"],
        "version2.npy": npy("<i8", "(2,)", bytes(16), 2),
    }
    yield "fuzz_image", {
        **{f"colour{c}.png": png(9, 5, c) for c in (0, 2, 3, 4, 6)},
        "deep.png": png(4, 4, 2, 16), "bits.png": png(12, 4, 0, 1),
        "gray.jpg": jpeg(1), "colour.jpg": jpeg(3, 16), "progressive.jpg": jpeg(3, 16, True),
    }
    plain = tar({"case/a": b"abc", "case/empty": b""})
    yield "fuzz_archive", {
        "plain.tar": plain, "packed.tar.gz": gzip.compress(plain, mtime=0), "packed.tar.xz": lzma.compress(plain),
        "stored.zip": npz(arrays, zipfile.ZIP_STORED),
    }
    yield "fuzz_case", dict(cases())
    yield "fuzz_board_jpeg", {
        "gray.jpg": jpeg(1), "colour.jpg": jpeg(3, 16), "progressive.jpg": jpeg(3, 16, True),
    }
    digits = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/digits"
    yield "fuzz_detector", dict(detector_seeds())
    yield "fuzz_board_programs", {path.name: path.read_bytes() for path in sorted(digits.glob("*.cvimodel"))}


def detector_seeds():
    """Outputs of detectors in each known form, 64x64 or 128x128, as fuzz_detector reads them."""
    forms = {
        "heads": [(1, 18, 8, 8), (1, 18, 4, 4), (1, 18, 2, 2)], "last": [(1, 8, 8, 18), (1, 4, 4, 18), (1, 2, 2, 18)],
        "split": [(1, 3, 8, 8, 6), (1, 3, 4, 4, 6), (1, 3, 2, 2, 6)], "rows": [(1, 252, 6)],
        "whole": [(1, 66, 8, 8), (1, 66, 4, 4), (1, 66, 2, 2)], "cut": [(1, 5, 84), (1, 1, 4, 84)], "region": [(1, 35, 4, 4)],
    }
    values = struct.pack("<12f", 3, -2, 0.5, 9, 1, -7, 2, 0.25, 4, -1, 6, 0.75)
    for name, shapes in forms.items():
        side = 3 if name == "region" else 1
        for dtype in (0, 1):
            tensors = b"".join(bytes([len(s), *s, len(values) - 1]) + values for s in shapes)
            yield f"{name}{dtype}", bytes([dtype, side, side, 99, 79, 2, 20, 115, 1, len(shapes)]) + tensors


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, files in seeds():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
