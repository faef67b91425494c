import { type DriverFunction, type PythonAddresses, RANDOM_WORDS } from '../image-format.ts'
import type { Heap } from './memory.ts'
import type { PythonApi } from './python-api.ts'

/** Pointers to Python objects are plain numbers; 0 means that an exception is set. */
export interface Python {
  api: PythonApi
  none: number
  memoryError: number
  driver: Record<DriverFunction, number>
  textObject: (text: string) => number
  bytesObject: (bytes: Uint8Array) => number
  /** The bytes of a `bytes` object, copied. */
  bytesOf: (object: number) => Uint8Array
  isExactText: (object: number) => boolean
  /** A str; how long it is where that is more than `maxBytes` of UTF-8; or null where it is no valid Unicode (lone surrogates). */
  text: (object: number, maxBytes: number) => { text: string } | { tooLong: string } | null
  /** A member of a dict with str keys, borrowed; 0 where it is missing. */
  item: (dict: number, key: 'extract' | 'solve') => number
  emptyTuple: number
  /** Gives `random`'s shared generator a state that nobody can foretell. */
  renewRandom: () => void
}

/** Beyond so many times the limit nothing is encoded to be counted. */
const LONG = 64

/** CPython's C API over an interpreter that already holds the driver, at these addresses. Changes nothing in the memory. */
export function openPython(parts: { api: PythonApi; heap: Heap; addresses: PythonAddresses }): Python {
  const { api, heap, addresses } = parts
  const encoder = new TextEncoder()
  // A byte order mark is a character like any other here.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const typeOf = (object: number) => heap.uint32(object + 4)

  return {
    api,
    driver: addresses.driver,
    none: addresses.none,
    memoryError: addresses.memoryError,
    emptyTuple: addresses.emptyTuple,
    textObject: (text) => {
      const room = Buffer.byteLength(text)
      const pointer = api.malloc(room + 1)
      if (pointer === 0) throw new Error('no memory for a text')
      const { written } = encoder.encodeInto(text, heap.bytes(pointer, room))
      const object = api.PyUnicode_FromStringAndSize(pointer, written)
      api.free(pointer)
      return object
    },
    bytesObject: (bytes) => withBytes(api, heap, bytes, (pointer) => api.PyBytes_FromStringAndSize(pointer, bytes.length)),
    bytesOf: (object) => heap.bytes(api.PyBytes_AsString(object), api.PyBytes_Size(object)).slice(),
    isExactText: (object) => typeOf(object) === constantAddress(api.PyUnicode_Type),
    text: (object, maxBytes) => {
      const characters = api.PyUnicode_GetLength(object)
      // Encoding it may take more memory than there is.
      if (characters > LONG * maxBytes) return { tooLong: `${characters} characters` }
      const pointer = api.PyUnicode_AsUTF8AndSize(object, addresses.scratch)
      if (pointer === 0) {
        api.PyErr_Clear()
        return null
      }
      const bytes = heap.uint32(addresses.scratch)
      return bytes > maxBytes ? { tooLong: `${bytes} bytes` } : { text: decoder.decode(heap.bytes(pointer, bytes)) }
    },
    renewRandom: () => {
      heap.setUint32(addresses.randomState, RANDOM_WORDS)
      heap.bytes(addresses.randomState + 4, RANDOM_BYTES).set(randomBytes())
    },
    item: (dict, key) => api.PyDict_GetItemString(dict, addresses.names[key]),
  }
}

const RANDOM_BYTES = 4 * RANDOM_WORDS
/** Drawn for many calls at a time. */
const drawn = new Uint8Array(24 * RANDOM_BYTES)
let drawnUsed = drawn.length

function randomBytes(): Uint8Array {
  if (drawnUsed === drawn.length) {
    crypto.getRandomValues(drawn)
    drawnUsed = 0
  }
  return drawn.subarray(drawnUsed, (drawnUsed += RANDOM_BYTES))
}

/** Puts bytes, and a zero after them, into the interpreter's memory for as long as `use` runs. */
export function withBytes<T>(api: PythonApi, heap: Heap, bytes: Uint8Array, use: (pointer: number) => T): T {
  const pointer = api.malloc(bytes.length + 1)
  if (pointer === 0) throw new Error('no memory for a message')
  const room = heap.bytes(pointer, bytes.length + 1)
  room.set(bytes)
  room[bytes.length] = 0
  const result = use(pointer)
  api.free(pointer)
  return result
}

/** For what cannot fail unless the interpreter is broken: a null pointer becomes an Error. */
export function must(object: number, what: string): number {
  if (object === 0) throw new Error(`the interpreter failed at: ${what}`)
  return object
}

/** An exported C variable is a wasm global that holds its address. */
export function constantAddress(exported: WebAssembly.Global): number {
  return Number(exported.value)
}
