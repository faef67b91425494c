import { ERRNO } from './errno.ts'
import type { File, FileTree, Folder, Node } from './file-tree.ts'
import type { Heap } from './memory.ts'

const AT_FDCWD = -100
const AT_REMOVEDIR = 512
const AT_EMPTY_PATH = 4096
const O_ACCMODE = 3
const O_CREAT = 64
const O_EXCL = 128
const O_TRUNC = 512
const O_APPEND = 1024
const O_DIRECTORY = 65_536
const S_IFDIR = 0o040_000
const S_IFCHR = 0o020_000
const S_IFREG = 0o100_000
const F_DUPFD = 0
const F_GETFD = 1
const F_SETFD = 2
const F_GETFL = 3
const F_SETFL = 4
const FIONCLEX = 0x5450
const FIOCLEX = 0x5451
const DIRENT_BYTES = 280
const BLOCK_BYTES = 4096
const MAX_PATH_BYTES = 4096
const MAX_DESCRIPTORS = 64
const FIRST_OWN = 3

/** What a descriptor stands for. */
type Target = { kind: 'input' } | { kind: 'output'; name: 'stdout' | 'stderr' } | { kind: 'node'; node: Node }

interface Open {
  target: Target
  position: number
  flags: number
}

export interface FileCalls {
  calls: Record<string, (...args: unknown[]) => number>
  /** Closes what was opened, empties what was written, goes back to the first folder. */
  reset(): void
}

/**
 * The imports that read and write files. They reach the tree and the two outputs, and nothing else: there is no path from here to a file of the machine.
 * `print` takes what is written to standard output and error.
 */
export function fileCalls(
  heap: Heap,
  tree: FileTree,
  home: string,
  print: (to: 'stdout' | 'stderr', bytes: Uint8Array) => void,
): FileCalls {
  const found = tree.find(home, tree.root)
  if (typeof found === 'number' || found.kind !== 'folder') throw new Error(`the image has no folder ${home}`)
  const homeFolder = found
  let current = homeFolder
  const standard: Open[] = [
    { target: { kind: 'input' }, position: 0, flags: 0 },
    { target: { kind: 'output', name: 'stdout' }, position: 0, flags: 1 },
    { target: { kind: 'output', name: 'stderr' }, position: 0, flags: 1 },
  ]
  let table: (Open | undefined)[] = [...standard]

  const opened = (descriptor: unknown): Open | undefined => table[Number(descriptor)]
  const fileOf = (open: Open | undefined): File | null => {
    const node = open?.target.kind === 'node' ? open.target.node : null
    return node?.kind === 'file' ? node : null
  }
  /** Puts it at the first free place from `lowest` on. */
  const place = (open: Open, lowest = FIRST_OWN): number => {
    for (let descriptor = Math.max(lowest, FIRST_OWN); descriptor < MAX_DESCRIPTORS; descriptor++) {
      if (table[descriptor] === undefined) {
        table[descriptor] = open
        return descriptor
      }
    }
    return -ERRNO.EMFILE
  }

  /** A path and the folder that it starts from. */
  const pathAt = (folder: unknown, pointer: unknown): { path: string; from: Folder } | number => {
    const path = heap.text(Number(pointer), MAX_PATH_BYTES)
    if (path === null) return -ERRNO.ENAMETOOLONG
    if (path.startsWith('/') || Number(folder) === AT_FDCWD) return { path, from: current }
    const open = opened(folder)
    if (open === undefined) return -ERRNO.EBADF
    if (open.target.kind !== 'node' || open.target.node.kind !== 'folder') return -ERRNO.ENOTDIR
    return { path, from: open.target.node }
  }
  const nodeAt = (folder: unknown, pointer: unknown, mayBeEmpty = false): Node | number => {
    const at = pathAt(folder, pointer)
    if (typeof at === 'number') return at
    return at.path === '' && !mayBeEmpty ? -ERRNO.ENOENT : tree.find(at.path, at.from)
  }
  const placeAt = (folder: unknown, pointer: unknown) => {
    const at = pathAt(folder, pointer)
    return typeof at === 'number' ? at : tree.findPlace(at.path, at.from)
  }

  const openAt = (folder: unknown, pointer: unknown, flagsGiven: unknown): number => {
    const flags = Number(flagsGiven)
    const isWriting = (flags & O_ACCMODE) !== 0 || (flags & O_TRUNC) !== 0
    let node = nodeAt(folder, pointer)
    if (node === -ERRNO.ENOENT && (flags & O_CREAT) !== 0) {
      const at = placeAt(folder, pointer)
      node = typeof at === 'number' ? at : tree.createFile(at.folder, at.name)
    } else if (typeof node !== 'number' && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -ERRNO.EEXIST
    if (typeof node === 'number') return node
    if (node.kind === 'folder' && isWriting) return -ERRNO.EISDIR
    if (node.kind !== 'folder' && (flags & O_DIRECTORY) !== 0) return -ERRNO.ENOTDIR
    if (node.kind === 'file' && isWriting && !node.isWritable) return -ERRNO.EROFS
    const descriptor = place({ target: { kind: 'node', node }, position: 0, flags })
    if (descriptor >= 0 && node.kind === 'file' && (flags & O_TRUNC) !== 0) tree.resize(node, 0)
    return descriptor
  }

  const writeStat = (pointer: unknown, target: Target | number): number => {
    if (typeof target === 'number') return target
    const node = target.kind === 'node' ? target.node : null
    const size = node?.kind === 'file' ? node.length : node?.kind === 'folder' ? BLOCK_BYTES : 0
    const at = Number(pointer)
    heap.bytes(at, 96).fill(0)
    heap.setUint32(at, 1)
    heap.setUint32(at + 4, modeOf(node))
    heap.setUint32(at + 8, 1)
    heap.setInt64(at + 24, BigInt(size))
    heap.setUint32(at + 32, BLOCK_BYTES)
    heap.setUint32(at + 36, Math.ceil(size / 512))
    heap.setInt64(at + 88, BigInt(node?.id ?? 0))
    return 0
  }

  /** Runs over an array of (pointer, length) pairs; stops where `use` moves fewer bytes than there were. Gives the sum, or a negative error number. */
  const overVectors = (vectors: unknown, count: unknown, use: (bytes: Uint8Array) => number): number => {
    let total = 0
    for (let index = 0; index < Number(count); index++) {
      const bytes = heap.bytes(heap.uint32(Number(vectors) + 8 * index), heap.uint32(Number(vectors) + 8 * index + 4))
      const moved = use(bytes)
      if (moved < 0) return total > 0 ? total : moved
      total += moved
      if (moved < bytes.length) break
    }
    return total
  }
  const moved = (total: number, pointer: unknown): number => {
    if (total < 0) return -total
    heap.setUint32(Number(pointer), total)
    return 0
  }

  const read = (open: Open | undefined, vectors: unknown, count: unknown, start: number): number => {
    if (open === undefined || (open.flags & O_ACCMODE) === 1) return -ERRNO.EBADF
    if (open.target.kind !== 'node' || open.target.node.kind === 'null') return 0
    const file = fileOf(open)
    if (file === null) return -ERRNO.EISDIR
    let position = start
    return overVectors(vectors, count, (bytes) => {
      const part = file.bytes.subarray(position, Math.max(position, Math.min(file.length, position + bytes.length)))
      bytes.set(part)
      position += part.length
      return part.length
    })
  }
  const write = (open: Open | undefined, vectors: unknown, count: unknown, start: number): number => {
    if (open === undefined || (open.flags & O_ACCMODE) === 0) return -ERRNO.EBADF
    const { target } = open
    if (target.kind === 'input') return -ERRNO.EBADF
    if (target.kind === 'node' && target.node.kind !== 'file') return overVectors(vectors, count, (bytes) => bytes.length)
    let position = start
    return overVectors(vectors, count, (bytes) => {
      if (target.kind === 'output') {
        print(target.name, bytes)
        return bytes.length
      }
      const file = fileOf(open)
      const written = file === null ? -ERRNO.EBADF : tree.write(file, position, bytes)
      position += Math.max(0, written)
      return written
    })
  }

  const remove = (folder: unknown, pointer: unknown, kind: 'file' | 'folder'): number => {
    const at = placeAt(folder, pointer)
    return typeof at === 'number' ? at : tree.remove(at.folder, at.name, kind)
  }
  const resize = (file: File | null, length: unknown): number => {
    if (file === null || !file.isWritable) return -ERRNO.EINVAL
    const wanted = Number(length)
    return wanted < 0 ? -ERRNO.EINVAL : tree.resize(file, wanted)
  }
  const goTo = (node: Node | number): number => {
    if (typeof node === 'number') return node
    if (node.kind !== 'folder') return -ERRNO.ENOTDIR
    current = node
    return 0
  }
  const nodeOf = (descriptor: unknown): Node | number => {
    const open = opened(descriptor)
    if (open === undefined) return -ERRNO.EBADF
    return open.target.kind === 'node' ? open.target.node : -ERRNO.EINVAL
  }

  const listFolder = (open: Open, folder: Folder, pointer: number, room: number): number => {
    const entries: [string, Node][] = [['.', folder], ['..', folder.parent ?? folder], ...folder.members]
    let at = pointer
    while (open.position < entries.length && at + DIRENT_BYTES <= pointer + room) {
      const [name, node] = entries[open.position] ?? ['', folder]
      open.position++
      const bytes = Buffer.from(name, 'utf8').subarray(0, 255)
      heap.bytes(at, DIRENT_BYTES).fill(0)
      heap.setInt64(at, BigInt(node.id))
      heap.setInt64(at + 8, BigInt(open.position))
      heap.setUint16(at + 16, DIRENT_BYTES)
      heap.setUint8(at + 18, node.kind === 'folder' ? 4 : node.kind === 'null' ? 2 : 8)
      heap.bytes(at + 19, bytes.length).set(bytes)
      at += DIRENT_BYTES
    }
    return at - pointer
  }

  const calls: FileCalls['calls'] = {
    __syscall_openat: (folder, path, flags) => openAt(folder, path, flags),
    __syscall_stat64: (path, pointer) => writeStat(pointer, statOf(nodeAt(AT_FDCWD, path))),
    __syscall_lstat64: (path, pointer) => writeStat(pointer, statOf(nodeAt(AT_FDCWD, path))),
    __syscall_newfstatat: (folder, path, pointer, flags) =>
      writeStat(pointer, statOf(nodeAt(folder, path, (Number(flags) & AT_EMPTY_PATH) !== 0))),
    __syscall_fstat64: (descriptor, pointer) => writeStat(pointer, opened(descriptor)?.target ?? -ERRNO.EBADF),
    __syscall_faccessat: (folder, path, mode) => {
      const node = nodeAt(folder, path)
      if (typeof node === 'number') return node
      return (Number(mode) & 2) !== 0 && node.kind !== 'null' && !node.isWritable ? -ERRNO.EROFS : 0
    },
    __syscall_getdents64: (descriptor, pointer, room) => {
      const open = opened(descriptor)
      if (open === undefined) return -ERRNO.EBADF
      if (open.target.kind !== 'node' || open.target.node.kind !== 'folder') return -ERRNO.ENOTDIR
      return listFolder(open, open.target.node, Number(pointer), Number(room))
    },
    __syscall_getcwd: (pointer, size) => {
      const path = Buffer.from(`${tree.pathOf(current)}\0`, 'utf8')
      if (Number(size) < path.length) return -ERRNO.ERANGE
      heap.bytes(Number(pointer), path.length).set(path)
      return path.length
    },
    __syscall_chdir: (path) => goTo(nodeAt(AT_FDCWD, path)),
    __syscall_fchdir: (descriptor) => goTo(nodeOf(descriptor)),
    __syscall_readlinkat: (folder, path) => {
      const node = nodeAt(folder, path)
      return typeof node === 'number' ? node : -ERRNO.EINVAL
    },
    __syscall_mkdirat: (folder, path) => {
      const known = nodeAt(folder, path)
      if (typeof known !== 'number') return -ERRNO.EEXIST
      const at = placeAt(folder, path)
      if (typeof at === 'number') return at
      const created = tree.createFolder(at.folder, at.name)
      return typeof created === 'number' ? created : 0
    },
    __syscall_unlinkat: (folder, path, flags) => remove(folder, path, (Number(flags) & AT_REMOVEDIR) !== 0 ? 'folder' : 'file'),
    __syscall_rmdir: (path) => remove(AT_FDCWD, path, 'folder'),
    __syscall_renameat: (fromFolder, fromPath, toFolder, toPath) => {
      const from = placeAt(fromFolder, fromPath)
      if (typeof from === 'number') return from
      const to = placeAt(toFolder, toPath)
      return typeof to === 'number' ? to : tree.move(from, to)
    },
    __syscall_ftruncate64: (descriptor, length) => resize(fileOf(opened(descriptor)), length),
    __syscall_truncate64: (path, length) => {
      const node = nodeAt(AT_FDCWD, path)
      if (typeof node === 'number') return node
      return node.kind === 'file' ? resize(node, length) : -ERRNO.EISDIR
    },
    __syscall_fallocate: (descriptor, _mode, offset, length) => {
      const file = fileOf(opened(descriptor))
      const end = Number(offset) + Number(length)
      return file !== null && end <= file.length ? 0 : resize(file, end)
    },
    __syscall_chmod: (path) => pretend(nodeAt(AT_FDCWD, path)),
    __syscall_fchmod: (descriptor) => pretend(nodeOf(descriptor)),
    __syscall_fchmodat2: (folder, path) => pretend(nodeAt(folder, path)),
    __syscall_utimensat: (folder, path) => pretend(nodeAt(folder, path, true)),
    __syscall_symlinkat: () => -ERRNO.EPERM,
    __syscall_dup: (descriptor) => {
      const open = opened(descriptor)
      return open === undefined ? -ERRNO.EBADF : place(open)
    },
    __syscall_dup3: (from, to) => {
      const open = opened(from)
      const wanted = Number(to)
      if (open === undefined || wanted < FIRST_OWN || wanted >= MAX_DESCRIPTORS) return -ERRNO.EBADF
      table[wanted] = open
      return wanted
    },
    __syscall_fcntl64: (descriptor, command, varargs) => {
      const open = opened(descriptor)
      if (open === undefined) return -ERRNO.EBADF
      switch (Number(command)) {
        case F_GETFD:
        case F_SETFD:
        case F_SETFL:
          return 0
        case F_GETFL:
          return open.flags
        case F_DUPFD:
          return place(open, heap.uint32(Number(varargs)))
        default:
          return -ERRNO.EINVAL
      }
    },
    __syscall_ioctl: (_descriptor, request) => (Number(request) === FIOCLEX || Number(request) === FIONCLEX ? 0 : -ERRNO.ENOTTY),
    __syscall_getuid32_js: () => 0,
    __syscall_umask_js: () => 0o22,
    __syscall_fadvise64: () => 0,
    __syscall_fdatasync: () => 0,
    fd_sync: () => 0,
    fd_close: (descriptor) => {
      if (opened(descriptor) === undefined) return ERRNO.EBADF
      // The three standard ones stay: what a tool prints after closing one is still its output.
      if (Number(descriptor) >= FIRST_OWN) table[Number(descriptor)] = undefined
      return 0
    },
    fd_fdstat_get: (descriptor, pointer) => {
      const open = opened(descriptor)
      if (open === undefined) return ERRNO.EBADF
      const node = open.target.kind === 'node' ? open.target.node : null
      heap.bytes(Number(pointer), 24).fill(0)
      heap.setUint8(Number(pointer), node === null || node.kind === 'null' ? 2 : node.kind === 'folder' ? 3 : 4)
      return 0
    },
    fd_seek: (descriptor, offset, whence, pointer) => {
      const open = opened(descriptor)
      if (open === undefined) return ERRNO.EBADF
      if (open.target.kind !== 'node') return ERRNO.ESPIPE
      const base = [0, open.position, fileOf(open)?.length ?? 0][Number(whence)]
      const position = base === undefined ? Number.NaN : base + Number(offset)
      if (!Number.isSafeInteger(position) || position < 0) return ERRNO.EINVAL
      open.position = position
      heap.setInt64(Number(pointer), BigInt(position))
      return 0
    },
    fd_read: (descriptor, vectors, count, pointer) => {
      const open = opened(descriptor)
      const total = read(open, vectors, count, open?.position ?? 0)
      if (open !== undefined && total > 0) open.position += total
      return moved(total, pointer)
    },
    fd_pread: (descriptor, vectors, count, offset, pointer) => {
      const open = opened(descriptor)
      if (open !== undefined && open.target.kind !== 'node') return ERRNO.ESPIPE
      return Number(offset) < 0 ? ERRNO.EINVAL : moved(read(open, vectors, count, Number(offset)), pointer)
    },
    fd_write: (descriptor, vectors, count, pointer) => {
      const open = opened(descriptor)
      const file = fileOf(open)
      const start = file !== null && open !== undefined && (open.flags & O_APPEND) !== 0 ? file.length : (open?.position ?? 0)
      const total = write(open, vectors, count, start)
      if (open !== undefined && total > 0) open.position = start + total
      return moved(total, pointer)
    },
    fd_pwrite: (descriptor, vectors, count, offset, pointer) => {
      const open = opened(descriptor)
      if (open !== undefined && open.target.kind !== 'node') return ERRNO.ESPIPE
      return Number(offset) < 0 ? ERRNO.EINVAL : moved(write(open, vectors, count, Number(offset)), pointer)
    },
  }

  return {
    calls,
    reset: () => {
      if (table.length > standard.length) table = [...standard]
      current = homeFolder
      if (tree.isDirty()) tree.clear()
    },
  }
}

function modeOf(node: Node | null): number {
  if (node === null) return S_IFCHR | 0o620
  switch (node.kind) {
    case 'folder':
      return S_IFDIR | (node.isWritable ? 0o755 : 0o555)
    case 'file':
      return S_IFREG | (node.isWritable ? 0o644 : 0o444)
    case 'null':
      return S_IFCHR | 0o666
  }
}

function statOf(node: Node | number): Target | number {
  return typeof node === 'number' ? node : { kind: 'node', node }
}

/** Modes, owners and times are not kept: what is one's own may be changed, the rest may not. */
function pretend(node: Node | number): number {
  if (typeof node === 'number') return node
  return node.kind !== 'null' && node.isWritable ? 0 : -ERRNO.EROFS
}
