/**
 * A frozen interpreter in one file: all that a child needs to stand it up again, its own program included, Pyodide's JavaScript not. Layout: the SHA-256 of
 * all that follows, the length of the manifest (unsigned, 32 bits, little endian), the manifest in JSON, then the parts one after the other, each where the manifest says,
 * counted from the end of the manifest.
 */
export interface ImageManifest {
  v: 2
  /** What stands the interpreter up and serves: JavaScript modules by path. */
  program: Record<string, string>
  /** The linear memory up to the program break. Above it there are zeros. */
  memory: Part
  /** The interpreter's module, as Pyodide ships it. */
  wasm: Part
  /** Contents of files by absolute path. */
  files: { path: string; part: Part }[]
  /** Where the C stack stood, its only mutable wasm global. */
  stackPointer: number
  table: {
    length: number
    /** What was put into the function table after the module's own entries: name of an export by place, from `firstAdded` on; null where it was JavaScript. */
    firstAdded: number
    added: (string | null)[]
    /** CPython calls functions of unknown signature through a tiny module that Pyodide brings: its bytes in base64, and its place in the table. */
    trampoline: { place: number; module: string }
  }
  /** Addresses of the Python objects that a child works with. */
  python: PythonAddresses
}

export interface Part {
  offset: number
  length: number
}

/** Functions of driver.py by their name there. */
export const DRIVER_FUNCTIONS = [
  'compile_tool',
  'load_tool',
  'remember_source',
  'new_globals',
  'read_arguments',
  'write_arguments',
  'message_of',
  'describe',
  'type_name',
] as const
/** Of MT19937, 32 bits each. */
export const RANDOM_WORDS = 624

export type DriverFunction = (typeof DRIVER_FUNCTIONS)[number]

/** Addresses in the image. Objects are held for ever. */
export interface PythonAddresses {
  none: number
  memoryError: number
  emptyTuple: number
  /** Eight bytes for lengths that C functions write. */
  scratch: number
  /** The state of `random`'s shared generator: where it stands among its words, 32 bits, and these (MT19937). */
  randomState: number
  /** Zero-terminated names. */
  names: { extract: number; solve: number }
  driver: Record<DriverFunction, number>
}

export const HASH_BYTES = 32

/** All but the hash. */
export function encodeImage(parts: {
  manifest: Omit<ImageManifest, 'v' | 'memory' | 'wasm' | 'files'>
  memory: Uint8Array
  wasm: Uint8Array
  files: { path: string; bytes: Uint8Array }[]
}): Buffer {
  let end = 0
  const bodies: Uint8Array[] = []
  const place = (bytes: Uint8Array): Part => {
    const part = { offset: end, length: bytes.length }
    end += bytes.length
    bodies.push(bytes)
    return part
  }
  const manifest: ImageManifest = {
    v: 2,
    ...parts.manifest,
    memory: place(parts.memory),
    wasm: place(parts.wasm),
    files: parts.files.map(({ path, bytes }) => ({ path, part: place(bytes) })),
  }
  const head = Buffer.from(JSON.stringify(manifest), 'utf8')
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32LE(head.length)
  return Buffer.concat([length, head, ...bodies])
}

/** Reads an image that `encodeImage` wrote, which whoever opened it has made sure of by its hash. `read` gives the bytes at a position of the file. */
export function decodeImage(read: (position: number, length: number) => Buffer<ArrayBuffer>): {
  manifest: ImageManifest
  part: (part: Part) => Buffer<ArrayBuffer>
} {
  const manifestLength = read(HASH_BYTES, 4).readUInt32LE(0)
  const manifest: ImageManifest = JSON.parse(read(HASH_BYTES + 4, manifestLength).toString('utf8'))
  const start = HASH_BYTES + 4 + manifestLength
  return { manifest, part: ({ offset, length }) => read(start + offset, length) }
}
