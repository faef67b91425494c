export interface BootOptions {
  pyodideFolder: string
  hashSeed: number
  /** Take the modules away that reach JavaScript, memory or other processes. */
  hideModules: boolean
  /** Wheels (zip files of pure Python) to unpack among the site packages, and what to import of them at once. */
  wheels: { path: string; imports: string[] }[]
}
