/** One line of a benchmark's table. */
export interface Row {
  readonly id: string
  readonly what: string
  /** `null` where it was not measured. */
  readonly value: number | null
  readonly unit: string
  /** As the specification words it; empty for a yardstick. */
  readonly goal: string
  readonly met: 'yes' | 'no' | 'not measured' | 'yardstick'
  /** How it was measured, why it was not, or why it misses. */
  readonly note?: string
}

/** A bound that a value is held to. */
export interface Goal {
  readonly atMost?: number
  readonly atLeast?: number
}

type Facts = Pick<Row, 'id' | 'what' | 'unit'> & { readonly note?: string }

const rounded = (value: number): number => Number(value.toPrecision(value >= 1_000 ? 6 : 3))

/** A measured value beside its goal. */
export const measured = (facts: Facts, value: number, { atMost, atLeast }: Goal): Row => {
  const meets = value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY)
  const goal = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
  return { ...facts, value: rounded(value), goal: `${goal} ${facts.unit}`.trim(), met: meets ? 'yes' : 'no' }
}

/** A measured value that says how to read the others. */
export const yardstick = (facts: Facts, value: number): Row => ({
  ...facts,
  value: rounded(value),
  goal: '',
  met: 'yardstick',
})

/** A figure of the specification that cannot be measured here, with the reason. */
export const notMeasured = (facts: Omit<Facts, 'note'>, goal: string, reason: string): Row => ({
  ...facts,
  value: null,
  goal,
  met: 'not measured',
  note: reason,
})

/** The table for people. */
export const tableOf = (rows: readonly Row[]): string => {
  const cells = rows.map(({ id, what, value, unit, goal, met }) => [
    id,
    what,
    value === null ? '–' : `${value.toLocaleString('en')} ${unit}`.trim(),
    goal,
    met,
  ])
  const table = [['id', 'what', 'value', 'goal', 'met'], ...cells]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const notes = rows.flatMap(({ id, note }) => (note === undefined ? [] : [`  ${id}: ${note}`]))
  return [...table.map(line), '', ...notes, ''].join('\n')
}
