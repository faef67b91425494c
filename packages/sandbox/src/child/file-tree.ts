import { ERRNO } from './errno.ts'

/**
 * The files that a tool sees: the standard library, which nobody can change, and two folders of its own, empty at the start of every call and limited in size.
 * All of it lives in this process's memory. What a function gives instead of a thing when it cannot be had is a negative error number.
 */
export interface FileTree {
  readonly root: Folder
  find(path: string, from: Folder): Node | number
  /** The folder that holds (or would hold) the last part of a path, and that part. */
  findPlace(path: string, from: Folder): { folder: Folder; name: string } | number
  createFile(folder: Folder, name: string): File | number
  createFolder(folder: Folder, name: string): Folder | number
  remove(folder: Folder, name: string, kind: 'file' | 'folder'): number
  move(from: { folder: Folder; name: string }, to: { folder: Folder; name: string }): number
  write(file: File, position: number, bytes: Uint8Array): number
  resize(file: File, length: number): number
  pathOf(folder: Folder): string
  /** Empties the writable folders. */
  clear(): void
  isDirty(): boolean
}

export interface Folder {
  kind: 'folder'
  id: number
  name: string
  parent: Folder | null
  isWritable: boolean
  members: Map<string, Node>
}

export interface File {
  kind: 'file'
  id: number
  isWritable: boolean
  /** May be longer than `length`: room to grow. */
  bytes: Uint8Array
  length: number
}

/** `/dev/null`. */
interface Nothing {
  kind: 'null'
  id: number
}

export type Node = Folder | File | Nothing

const WRITABLE = ['/tmp', '/home/pyodide']
/** On Python's search path, and empty unless the image has wheels. */
const ALWAYS_THERE = ['/lib/python3.14/lib-dynload', '/lib/python3.14/site-packages']
/** What a file or folder weighs even when it is empty, so that a million of them do not come free. */
const NODE_BYTES = 512
const MAX_NAME_LENGTH = 255

/** `files`: contents by absolute path. `maxBytes`: what a tool may write, in all, what it deletes again included. */
export function makeFileTree(files: ReadonlyMap<string, Uint8Array>, maxBytes: number): FileTree {
  let nextId = 1
  let usedBytes = 0
  let isDirty = false
  const folderNamed = (name: string, parent: Folder | null, isWritable: boolean): Folder => {
    const folder: Folder = { kind: 'folder', id: nextId++, name, parent, isWritable, members: new Map() }
    parent?.members.set(name, folder)
    return folder
  }
  const root = folderNamed('', null, false)
  const folderAt = (path: string, isWritable: boolean): Folder => {
    let folder = root
    for (const name of path.split('/').filter((part) => part !== '')) {
      const known = folder.members.get(name)
      folder = known?.kind === 'folder' ? known : folderNamed(name, folder, false)
    }
    folder.isWritable = isWritable
    return folder
  }
  for (const [path, bytes] of files) {
    const cut = path.lastIndexOf('/')
    const file: File = { kind: 'file', id: nextId++, isWritable: false, bytes, length: bytes.length }
    folderAt(path.slice(0, cut), false).members.set(path.slice(cut + 1), file)
  }
  for (const path of ALWAYS_THERE) folderAt(path, false)
  folderAt('/dev', false).members.set('null', { kind: 'null', id: nextId++ })
  const writable = WRITABLE.map((path) => folderAt(path, true))
  const firstFreeId = nextId

  /** False: there is no room. */
  const take = (bytes: number): boolean => {
    if (usedBytes + bytes > maxBytes) return false
    usedBytes += bytes
    isDirty = true
    return true
  }

  const find = (path: string, from: Folder): Node | number => {
    let node: Node = path.startsWith('/') ? root : from
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue
      if (node.kind !== 'folder') return -ERRNO.ENOTDIR
      const next: Node | null | undefined = name === '..' ? (node.parent ?? node) : node.members.get(name)
      if (next === undefined) return -ERRNO.ENOENT
      node = next
    }
    return path.endsWith('/') && node.kind !== 'folder' ? -ERRNO.ENOTDIR : node
  }

  const mayHold = (folder: Folder, name: string): number => {
    if (!folder.isWritable) return -ERRNO.EROFS
    if (folder.members.has(name)) return -ERRNO.EEXIST
    if (name.length > MAX_NAME_LENGTH) return -ERRNO.ENAMETOOLONG
    return take(NODE_BYTES) ? 0 : -ERRNO.ENOSPC
  }

  return {
    root,
    find,
    findPlace: (path, from) => {
      const trimmed = path.replace(/\/+$/, '')
      const cut = trimmed.lastIndexOf('/')
      const name = trimmed.slice(cut + 1)
      if (name === '' || name === '.' || name === '..') return -ERRNO.EINVAL
      const folder = find(cut < 0 ? '.' : trimmed.slice(0, cut) || '/', from)
      if (typeof folder === 'number') return folder
      return folder.kind === 'folder' ? { folder, name } : -ERRNO.ENOTDIR
    },
    createFile: (folder, name) => {
      const refusal = mayHold(folder, name)
      if (refusal !== 0) return refusal
      const file: File = { kind: 'file', id: nextId++, isWritable: true, bytes: new Uint8Array(0), length: 0 }
      folder.members.set(name, file)
      return file
    },
    createFolder: (folder, name) => {
      const refusal = mayHold(folder, name)
      return refusal === 0 ? folderNamed(name, folder, true) : refusal
    },
    remove: (folder, name, kind) => {
      const node = folder.members.get(name)
      if (node === undefined) return -ERRNO.ENOENT
      if (!folder.isWritable) return -ERRNO.EROFS
      if (kind === 'file') {
        if (node.kind === 'folder') return -ERRNO.EISDIR
      } else {
        if (node.kind !== 'folder') return -ERRNO.ENOTDIR
        if (node.members.size > 0) return -ERRNO.ENOTEMPTY
      }
      folder.members.delete(name)
      return 0
    },
    move: (from, to) => {
      const node = from.folder.members.get(from.name)
      if (node === undefined) return -ERRNO.ENOENT
      if (!from.folder.isWritable || !to.folder.isWritable) return -ERRNO.EROFS
      const replaced = to.folder.members.get(to.name)
      if (replaced === node) return 0
      if (replaced !== undefined && replaced.kind !== node.kind) return replaced.kind === 'folder' ? -ERRNO.EISDIR : -ERRNO.ENOTDIR
      if (replaced?.kind === 'folder' && replaced.members.size > 0) return -ERRNO.ENOTEMPTY
      for (let above: Folder | null = to.folder; above !== null; above = above.parent) if (above === node) return -ERRNO.EINVAL
      if (!take(NODE_BYTES)) return -ERRNO.ENOSPC
      from.folder.members.delete(from.name)
      to.folder.members.set(to.name, node)
      if (node.kind === 'folder') {
        node.name = to.name
        node.parent = to.folder
      }
      return 0
    },
    write: (file, position, bytes) => {
      const end = position + bytes.length
      if (!take(bytes.length + Math.max(0, position - file.length))) return -ERRNO.ENOSPC
      makeRoom(file, end)
      file.bytes.set(bytes, position)
      file.length = Math.max(file.length, end)
      return bytes.length
    },
    resize: (file, length) => {
      if (length > file.length) {
        if (!take(length - file.length)) return -ERRNO.ENOSPC
        makeRoom(file, length)
      } else {
        isDirty = true
        file.bytes.fill(0, length, file.length)
      }
      file.length = length
      return 0
    },
    pathOf,
    clear: () => {
      for (const folder of writable) folder.members.clear()
      usedBytes = 0
      nextId = firstFreeId
      isDirty = false
    },
    isDirty: () => isDirty,
  }
}

function pathOf(folder: Folder): string {
  const names: string[] = []
  for (let at: Folder = folder; at.parent !== null; at = at.parent) names.unshift(at.name)
  return `/${names.join('/')}`
}

function makeRoom(file: File, length: number): void {
  if (length <= file.bytes.length) return
  const roomier = new Uint8Array(Math.max(length, file.length * 2, 256))
  roomier.set(file.bytes.subarray(0, file.length))
  file.bytes = roomier
}
