import { SecretsError, toSecretsError } from '@keyplane/core'
import type { State } from './open-state.ts'

type AskedState = Pick<State, 'reader' | 'writer'>

/** Whoever asks, without a login even, learns that it fails; where the database is and what ails it is for the log. */
export const forCallers = ({ reader, writer }: AskedState): AskedState => ({
  reader: {
    engine: reader.engine,
    query: reader.query,
    all: (query) => reader.all(query).catch(fail),
    snapshot: (queries) => reader.snapshot(queries).catch(fail),
    stream: (act) => reader.stream(act).catch(fail),
    close: () => reader.close(),
  },
  writer: {
    get alive() {
      return writer.alive
    },
    write: (unit) => writer.write(unit).catch(fail),
    close: () => writer.close(),
  },
})

const fail = (thrown: unknown): never => {
  const cause = toSecretsError(thrown)
  const { code, reason, retryAfterMs } = cause
  throw new SecretsError(code, "The service's own database can't be asked; its log says why.", {
    cause,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}
