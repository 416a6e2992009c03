import { SecretsError } from '@keyplane/core'
import type { WriteOutcome, Writer, WriteUnit } from './ports.ts'

/**
 * A writer that is opened by the first write: a thread of its own costs tens of megabytes, and much that could write never
 * does. A write that can't open it fails as that does, and the next one tries again.
 */
export const writerWhenNeeded = (open: () => Promise<Writer>): Writer => {
  let opened: Writer | undefined
  let opening: Promise<Writer> | undefined
  let closed = false
  const opener = async (): Promise<Writer> => {
    try {
      return (opened = await open())
    } finally {
      opening = undefined
    }
  }
  return {
    write: async (unit: WriteUnit): Promise<WriteOutcome> => {
      if (closed) throw new SecretsError('closed', 'The writer was closed.')
      return (opened ?? (await (opening ??= opener()))).write(unit)
    },
    get alive() {
      return !closed && (opened?.alive ?? true)
    },
    close: async () => {
      closed = true
      const writer = opened ?? (await opening?.catch(() => undefined))
      await writer?.close()
    },
  }
}
