/** What this package uses of Pyodide's Emscripten module; Pyodide's own types leave it open. */
export interface PyodideModule {
  HEAPU8: Uint8Array<ArrayBuffer>
  growMemory(bytes: number): unknown
  wasmTable: WebAssembly.Table
  FS: {
    streams: ({ fd: number; path: string; node: { mode: number } } | null | undefined)[]
    isChrdev(mode: number): boolean
    close(stream: object): void
  }
}

/** Pyodide keeps its module under this name; its types do not tell. */
export function withModule(booted: object): { _module: PyodideModule } {
  if (!hasModule(booted)) throw new Error('this Pyodide has no _module of the known form')
  return booted
}

function hasModule(booted: object): booted is { _module: PyodideModule } {
  const { _module: module }: { _module?: Partial<PyodideModule> } = booted
  return module?.HEAPU8 instanceof Uint8Array && typeof module.growMemory === 'function' && typeof module.FS?.isChrdev === 'function'
}

export interface Heap {
  size(): number
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer>
  /** UTF-8 up to the zero. */
  text(pointer: number): string
  uint32(pointer: number): number
  setUint32(pointer: number, value: number): void
  addToInt64(pointer: number, difference: bigint): void
}

/** Only for a memory that has reached its size: the views are made once. */
export function heapOf(module: PyodideModule): Heap {
  const bytes = module.HEAPU8
  const view = new DataView(bytes.buffer)
  return {
    size: () => bytes.length,
    bytes: (pointer, length) => bytes.subarray(pointer >>> 0, (pointer >>> 0) + (length >>> 0)),
    text: (pointer) => {
      const start = pointer >>> 0
      return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString('utf8')
    },
    uint32: (pointer) => view.getUint32(pointer >>> 0, true),
    setUint32: (pointer, value) => view.setUint32(pointer >>> 0, value, true),
    addToInt64: (pointer, difference) => view.setBigInt64(pointer >>> 0, view.getBigInt64(pointer >>> 0, true) + difference, true),
  }
}

export interface FileSystem {
  /** A character device other than /dev/null. */
  isDevice(descriptor: number): boolean
  isNull(descriptor: number): boolean
  close(descriptor: number): void
  /** Closes what was opened since the interpreter was frozen. */
  closeAbove(count: number): void
  count(): number
}

export function fileSystemOf(module: PyodideModule): FileSystem {
  const { FS } = module
  const isNull = (descriptor: number) => FS.streams[descriptor]?.path === '/dev/null'
  const close = (descriptor: number) => {
    const stream = FS.streams[descriptor]
    if (stream) FS.close(stream)
  }
  return {
    isNull,
    close,
    isDevice: (descriptor) => {
      const stream = FS.streams[descriptor]
      return !!stream && FS.isChrdev(stream.node.mode) && !isNull(descriptor)
    },
    count: () => FS.streams.length,
    closeAbove: (count) => {
      for (let descriptor = count; descriptor < FS.streams.length; descriptor++) close(descriptor)
      FS.streams.length = count
    },
  }
}
