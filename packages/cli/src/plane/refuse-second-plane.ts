import { SecretsError } from '@keyplane/core'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { findRunning } from '../data-folder/running-plane.ts'

/** One plane a folder. @throws SecretsError `config_invalid` where another one answers. */
export const refuseSecondPlane = async (folder: DataFolder): Promise<void> => {
  const running = findRunning(folder)
  if (!running?.storeUrl) return
  // A note left by a crash may name a process that is somebody else's by now; only an answer proves that it runs.
  const answer = await fetch(new URL('/healthz', running.storeUrl), { signal: AbortSignal.timeout(1_000) }).catch(
    () => undefined,
  )
  if (answer?.ok)
    throw new SecretsError(
      'config_invalid',
      `A plane runs on ${folder.path} already (process ${running.pid}, store at ${running.storeUrl}); stop it, or name another folder with --data.`,
    )
}
