import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ownTools = fileURLToPath(new URL('../../.real/venv/bin', import.meta.url))

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The path of a program that a test cannot do without, `.real/venv/bin` first. @throws with what to install. */
export const requiredTool = (name: string): string => {
  // Servers are where only root looks by itself.
  const folders = [ownTools, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (found === undefined) throw new Error(`${name} is missing: run test/real/setup.sh, which installs it.`)
  return found
}
