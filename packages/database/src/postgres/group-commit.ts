import type { SecretsError } from '@keyplane/core'
import { toSecretsError } from '@keyplane/core'
import type { UnitResult } from '../batch-writer.ts'
import type { BeforeCommit, Statement, WriteUnit } from '../ports.ts'
import { concernsWholeDatabase } from './errors.ts'
import type { Answer, PostgresSession } from './session.ts'

/** How far a batch that failed had come. */
export interface BatchProgress {
  /** From here on the server may have it, whatever is heard of it. */
  isCommitting: boolean
}

/**
 * Commits a batch of units in one transaction, a savepoint each; gives one result a unit, in their order.
 * @throws SecretsError what the whole batch failed with; before `isCommitting` nothing of it is there.
 */
export const commitBatch = async (
  session: PostgresSession,
  units: readonly WriteUnit[],
  beforeCommit: BeforeCommit | undefined,
  progress: BatchProgress,
): Promise<readonly UnitResult[]> => {
  const begun = sent(session.exec('begin'))
  const results = new Map<WriteUnit, UnitResult>()
  for (const unit of inLockOrder(units)) results.set(unit, await runUnit(session, unit))
  // A unit without statements is a read that leaves its record.
  const resultOf = (unit: WriteUnit): UnitResult => results.get(unit) ?? 'committed'
  const audit = units.flatMap((unit) => (resultOf(unit) === 'committed' ? unit.audit : []))
  const statements: Statement[] = []
  if (beforeCommit && audit.length > 0) {
    const { rows } = await session.run(beforeCommit.read)
    statements.push(...beforeCommit.write(rows[0], audit))
  }
  await begun
  const written = statements.map((each) => sent(session.run(each)))
  // A commit behind a statement that failed is a rollback, so it needs not wait for their answers.
  progress.isCommitting = true
  const committed = sent(session.exec('commit'))
  await Promise.all(written)
  const { command } = await committed
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back.')
  return units.map(resultOf)
}

/**
 * Every process locks what it writes in the same order: that of the names in the records, so that no two wait for each
 * other. Units of one name stay in the order in which they came.
 */
const inLockOrder = (units: readonly WriteUnit[]): readonly WriteUnit[] =>
  units
    .filter(({ statements }) => statements.length > 0)
    .sort((a, b) => {
      const [one, other] = [a.audit[0]?.resource ?? '', b.audit[0]?.resource ?? '']
      return one === other ? 0 : one < other ? -1 : 1
    })

const runUnit = async (session: PostgresSession, { statements }: WriteUnit): Promise<UnitResult> => {
  const saved = sent(session.exec('savepoint unit'))
  const answers = await Promise.allSettled(statements.map((each) => session.run(each)))
  await saved
  const result = outcome(statements, answers)
  if (result !== 'committed') await session.exec('rollback to savepoint unit')
  void sent(session.exec('release savepoint unit'))
  return result
}

/** The first statement that failed tells why; those behind it were refused for that alone. */
const outcome = (statements: readonly Statement[], answers: readonly PromiseSettledResult<Answer>[]): UnitResult => {
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') return refusal(toSecretsError(answer.reason))
    const expected = statements[index]?.expectRows
    if (expected !== undefined && answer.value.changed !== expected) return 'conflict'
  }
  return 'committed'
}

const refusal = (error: SecretsError): UnitResult => {
  if (concernsWholeDatabase(error)) throw error
  return error.code === 'conflict' ? 'conflict' : error
}

/** What is awaited later, or not at all, must not end the process when it fails. */
const sent = <T>(answer: Promise<T>): Promise<T> => {
  answer.catch(() => undefined)
  return answer
}
