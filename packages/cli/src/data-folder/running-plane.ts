import { rmSync } from 'node:fs'
import type { Random } from '@keyplane/core'
import { writePrivateFile } from '@keyplane/sealing'
import type { DataFolder } from './data-folder.ts'
import { readPrivateFile } from './private-file.ts'

/** Where the parts of a plane listen, while it runs. */
export interface RunningPlane {
  readonly pid: number
  readonly agentUrl?: string
  readonly storeUrl?: string
  /** Once it listens: it comes last. */
  readonly serviceUrl?: string
}

export const noteRunning = (folder: DataFolder, plane: RunningPlane, random: Random): void =>
  void writePrivateFile({ path: folder.running, content: `${JSON.stringify(plane)}\n`, random, replace: true })

export const forgetRunning = (folder: DataFolder): void => rmSync(folder.running, { force: true })

/** The plane that runs on this folder; nothing where none does, a note left behind by a crash included. */
export const findRunning = (folder: DataFolder): RunningPlane | undefined => {
  const text = readPrivateFile(folder.running)
  if (text === undefined) return undefined
  try {
    const plane: RunningPlane = JSON.parse(text)
    // Signal 0 asks only whether the process is there.
    process.kill(plane.pid, 0)
    return plane
  } catch {
    return undefined
  }
}
