import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone with the test, after the agents that were started later. */
export const testFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'keyplane-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}
