import { executorUser } from '@toolwright/queues'
import { createHash } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { executorPasswordOf, readIfThere, type RedisFolder } from './state.ts'

/**
 * Writes the users that the server loads when it starts: the default one, with the folder's password, and those of executors that the server has saved, so that
 * executors which outlive it are let in again. Of what was saved only the names count: their rules and passwords are those of today.
 */
export function writeUsersFile(folder: RedisFolder, password: string): void {
  const saved = readIfThere(folder.acl) ?? ''
  const executors = [...saved.matchAll(/^user executor\.([\w-]+)\.([a-z0-9-]+) /gm)].map(([, prefix, space]) =>
    executorUser(prefix!, space!),
  )
  const lines = [
    `user default on #${hashOf(password)} ~* &* +@all`,
    ...executors.map(({ name, rules }) => `user ${name} #${hashOf(executorPasswordOf(password, name))} ${rules.join(' ')}`),
    '',
  ]
  writeFileSync(`${folder.acl}.new`, lines.join('\n'), { mode: 0o600 })
  renameSync(`${folder.acl}.new`, folder.acl)
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
