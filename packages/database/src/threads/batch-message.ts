import type { ErrorMessage } from '@keyplane/core'
import type { WriteOutcome, WriteUnit } from '../ports.ts'

/** Units in two halves: their records go as one text, which is copied in a fraction of what as many objects take. */
export interface BatchMessage {
  readonly statements: readonly WriteUnit['statements'][]
  /** JSON: a list of records a unit. */
  readonly audit: string
}

/** One a unit, in their order. */
export type ResultsMessage = readonly (WriteOutcome | ErrorMessage)[]

export const batchMessage = (units: readonly WriteUnit[]): BatchMessage => ({
  statements: units.map(({ statements }) => statements),
  audit: JSON.stringify(units.map(({ audit }) => audit)),
})

export const unitsOf = ({ statements, audit }: BatchMessage): readonly WriteUnit[] => {
  const records = JSON.parse(audit) as readonly WriteUnit['audit'][]
  return statements.map((own, index) => ({ statements: own, audit: records[index] ?? [] }))
}
