/** What this package uses of Pyodide's Emscripten module; Pyodide's own types leave it open. */
interface PyodideModule {
  FS: {
    readdir(path: string): string[]
    lstat(path: string): { mode: number }
    isDir(mode: number): boolean
    isFile(mode: number): boolean
    readFile(path: string): Uint8Array
  }
}

export interface PyodideFiles {
  /** Regular files under a folder, with their contents. */
  under(folder: string): { path: string; bytes: Uint8Array }[]
}

/** Pyodide keeps its module under `_module`; its types do not tell. */
export function fileSystemOf(booted: object): PyodideFiles {
  if (!hasModule(booted)) throw new Error('this Pyodide has no _module of the known form')
  const { FS } = booted['_module']
  const under = (folder: string): { path: string; bytes: Uint8Array }[] =>
    FS.readdir(folder)
      .filter((name) => name !== '.' && name !== '..')
      .flatMap((name) => {
        const path = `${folder}/${name}`
        const { mode } = FS.lstat(path)
        if (FS.isDir(mode)) return under(path)
        return FS.isFile(mode) ? [{ path, bytes: FS.readFile(path) }] : []
      })
  return { under }
}

function hasModule(booted: object): booted is { _module: PyodideModule } {
  const { _module: module }: { _module?: Partial<PyodideModule> } = booted
  return typeof module?.FS?.readdir === 'function' && typeof module.FS.readFile === 'function'
}
