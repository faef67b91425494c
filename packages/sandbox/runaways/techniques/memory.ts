import { inExtract, inSolve, type Technique, whenLoaded } from '../runaway.ts'

export const MEMORY: Technique = {
  'list of bytes': inSolve('out-of-memory', 'hoard = []\nwhile True: hoard.append(bytes(10**6))'),
  'in extract': inExtract('out-of-memory', 'hoard = []\nwhile True: hoard.append(bytes(10**6))'),
  'beside the functions': whenLoaded('out-of-memory', 'hoard = []\nwhile True: hoard.append(bytes(10**6))'),
  'small objects': inSolve('out-of-memory', 'hoard = []\nwhile True: hoard.append(object())'),
  'all at once': inSolve('out-of-memory', 'return str(len(bytes(10**9)))'),
  'bytes that double': inSolve('out-of-memory', 'hoard = b"x"\nwhile True: hoard += hoard'),
  // CPython itself fails where `hoard += hoard` of a str finds no memory: it lets go of the str twice.
  'text that doubles': inSolve(['out-of-memory', 'crashed'], 'hoard = "é"\nwhile True: hoard += hoard'),
  'dict that grows': inSolve('out-of-memory', 'hoard = {}\nwhile True: hoard[len(hoard)] = str(len(hoard))'),
  'all combinations': inSolve('out-of-memory', 'import itertools\nlist(itertools.product(range(1000), repeat=6))'),
  'padded text': inSolve('out-of-memory', 'return str(len(f"{1:999999999}"))'),
  'cached results': inSolve(
    'out-of-memory',
    `
import functools
@functools.cache
def keep(number): return bytes(1000)
number = 0
while True:
    number += 1
    keep(number)`,
  ),
  'in pieces': inSolve('out-of-memory', 'hoard = [bytes(1000 + n) for n in range(60_000)]\ndel hoard[::2]\nhoard.append(bytes(60 << 20))'),
  'cycles, the collector switched off': inSolve(
    'out-of-memory',
    `
import gc
gc.disable()
while True:
    nest = [bytes(10_000)]
    nest.append(nest)`,
  ),
  'catches and goes on': inSolve(
    'timed-out',
    `
hoard = []
while True:
    try: hoard.append(bytes(10**6))
    except MemoryError: pass`,
  ),
  'catches and gives back': inSolve(
    'ok',
    `
hoard = []
try:
    while True: hoard.append(bytes(10**6))
except MemoryError:
    del hoard
return "survived"`,
  ),
  'left behind in builtins': inSolve('ok', 'import builtins\nbuiltins.hoard = bytearray(80 << 20)\nreturn "survived"'),
}

export const DECOMPRESSION: Technique = {
  zlib: inSolve(
    'out-of-memory',
    `
import zlib
squeeze = zlib.compressobj(1)
bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(150)) + squeeze.flush()
return str(len(zlib.decompress(bomb)))`,
  ),
  bz2: inSolve('out-of-memory', 'import bz2\nreturn str(len(bz2.decompress(bz2.compress(bytes(1 << 20)) * 300)))'),
  'zip into a file': inSolve(
    'raised',
    `
import io, zipfile
file = io.BytesIO()
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive: archive.writestr("zeros", bytes(20 << 20))
with zipfile.ZipFile(file) as archive: archive.extractall("/tmp")`,
  ),
}

export const FILES: Technique = {
  'one that grows': inSolve(
    'raised',
    `
with open("/tmp/long", "wb") as file:
    while True: file.write(bytes(10**6))`,
  ),
  'too large at once': inSolve('raised', 'open("/tmp/long", "wb").write(bytes(9 << 20))'),
  'sparse, by truncate': inSolve('raised', 'with open("/tmp/sparse", "wb") as file: file.truncate(1 << 40)'),
  'sparse, by seek': inSolve('raised', 'with open("/tmp/sparse", "wb") as file:\n    file.seek(1 << 40)\n    file.write(b"x")'),
  many: inSolve('raised', 'for number in range(10**9): open(f"/tmp/{number}", "w").close()'),
  'made and removed': inSolve(
    ['raised', 'timed-out'],
    `
import os
while True:
    open("/tmp/one", "w").close()
    os.remove("/tmp/one")`,
  ),
  'folders in folders': inSolve('raised', 'import os\nwhile True:\n    os.mkdir("in")\n    os.chdir("in")'),
  descriptors: inSolve('raised', 'hoard = []\nwhile True: hoard.append(open("/tmp/one", "w"))'),
  'everything, copied into itself': inSolve('raised', 'import shutil\nshutil.copytree("/", "/tmp/all")'),
  'written again and again': inSolve('raised', 'while True: open("/tmp/one", "wb").write(bytes(10**6))'),
}
