import { SecretsError, toSecretsError } from '@keyplane/core'
import { type BatchOptions, BatchWriter, type Committer, type UnitResult } from '../batch-writer.ts'
import type { BeforeCommit, SharedWriter, WriteUnit } from '../ports.ts'
import { lendWriter } from '../threads/lend-writer.ts'
import { sharedWriter } from '../threads/shared-writer.ts'
import { isConnectionLost } from './errors.ts'
import { type BatchProgress, commitBatch } from './group-commit.ts'
import type { PostgresServer } from './server.ts'
import { connect, type PostgresSession } from './session.ts'

export interface PostgresWriterOptions extends BatchOptions {
  /** Called for each new connection, before its first batch. Default: nothing is added. */
  readonly onSession?: (session: PostgresSession) => Promise<BeforeCommit>
}

/** What the server ends a transaction after whose process does nothing any more, so that its locks go. */
const idleInTransactionMs = 10_000

/**
 * A writer with one connection to a PostgreSQL database. A connection that is lost is replaced by the next batch's. A
 * batch that lost it before its COMMIT was sent is written once more: nothing of it is there, and its units are guarded
 * by the rows that they expect. After that its outcome is unknown, and it is refused.
 * @throws SecretsError as `connect`, and what `onSession` throws.
 */
export const openPostgresWriter = async (
  server: PostgresServer,
  options: PostgresWriterOptions = {},
): Promise<SharedWriter> => {
  const committer = new PostgresCommitter(server, options.onSession)
  await committer.connected()
  const writer = new BatchWriter(committer, options)
  return sharedWriter(writer, () => lendWriter(writer))
}

interface Connected {
  readonly session: PostgresSession
  readonly beforeCommit: BeforeCommit | undefined
}

class PostgresCommitter implements Committer {
  readonly #server: PostgresServer
  readonly #onSession: PostgresWriterOptions['onSession']
  #connected: Connected | undefined

  constructor(server: PostgresServer, onSession: PostgresWriterOptions['onSession']) {
    this.#server = server
    this.#onSession = onSession
  }

  async connected(): Promise<Connected> {
    if (this.#connected?.session.isOpen) return this.#connected
    const settings = { idle_in_transaction_session_timeout: String(idleInTransactionMs) }
    const session = await connect(this.#server, settings)
    try {
      const beforeCommit = await this.#onSession?.(session)
      this.#connected = { session, beforeCommit }
      return this.#connected
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  async commit(units: readonly WriteUnit[]): Promise<readonly UnitResult[]> {
    const progress: BatchProgress = { isCommitting: false }
    try {
      return await this.#attempt(units, progress)
    } catch (thrown) {
      const error = toSecretsError(thrown)
      if (!isConnectionLost(error)) throw error
      if (progress.isCommitting) throw unknownOutcome(this.#server.label, error)
      if (error.reason !== 'connection_lost') throw error
    }
    try {
      return await this.#attempt(units, progress)
    } catch (thrown) {
      const error = toSecretsError(thrown)
      throw progress.isCommitting && isConnectionLost(error) ? unknownOutcome(this.#server.label, error) : error
    }
  }

  async end(): Promise<void> {
    await this.#connected?.session.end()
  }

  async #attempt(units: readonly WriteUnit[], progress: BatchProgress): Promise<readonly UnitResult[]> {
    const { session, beforeCommit } = await this.connected()
    try {
      return await commitBatch(session, units, beforeCommit, progress)
    } catch (error) {
      // Whatever is still under way on this connection must not be taken for a part of the next batch.
      session.destroy()
      throw error
    }
  }
}

const unknownOutcome = (label: string, cause: SecretsError): SecretsError =>
  new SecretsError(
    'unavailable',
    `The connection to the database ${label} was lost during a commit: the write may or may not be there. Send it again with the same token.`,
    { reason: 'unknown_outcome', cause },
  )
