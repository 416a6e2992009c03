import type { SecretWriter } from '@keyplane/core'

export interface OvertakingWriterParts {
  /** @throws SecretsError `closed` once the cache is. */
  readonly assertOpen: () => void
  /** Makes what is kept of this id, and what is being read of it, count no more. */
  readonly forget: (id: string) => void
}

/** A writer after whose writes no read gives what was there before. */
export const overtakingWriter = (write: SecretWriter, { assertOpen, forget }: OvertakingWriterParts): SecretWriter => {
  const around = async <T>(id: string, act: () => Promise<T>): Promise<T> => {
    assertOpen()
    forget(id)
    // Before and after: a read that was answered in between knows the old value.
    return act().finally(() => forget(id))
  }
  const { moveStage } = write
  return {
    put: (ref, value, options, call) =>
      around(ref.id, async () => {
        const version = await write.put(ref, value, options, call)
        forget(version.id)
        return version
      }),
    remove: (id, options, call) => around(id, () => write.remove(id, options, call)),
    ...(moveStage && {
      moveStage: (id, stage, move, call) => around(id, () => moveStage.call(write, id, stage, move, call)),
    }),
  }
}
