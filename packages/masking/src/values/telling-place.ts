import { windowLength, wordAt } from './window.ts'
import type { WindowTable } from './window-table.ts'

/** How many places of a long form are looked at for one that sets it apart. */
const maxTried = 12

const varietyAt = (text: string, at: number): number => {
  let variety = 0
  for (let next = at; next < at + windowLength; next += 1)
    if (text.indexOf(text.charAt(next), at) === next) variety += 1
  return variety
}

/**
 * Where the window of a form stands by which it is looked for: one that no other form has, if there is one, and with
 * different characters, since common beginnings (`postgres`, `{"userna`) would be looked at closely each time.
 */
export const tellingPlace = (table: WindowTable, text: string): number => {
  const last = text.length - windowLength
  const step = Math.max(1, Math.floor(last / (maxTried - 1)))
  let best = 0
  let bestScore = -Infinity
  for (let place = 0; place <= last; place += step) {
    const isTaken = table.first(wordAt(text, place), wordAt(text, place + 4)) !== -1
    const score = varietyAt(text, place) - (isTaken ? windowLength : 0)
    if (score > bestScore) [best, bestScore] = [place, score]
    if (bestScore === windowLength) break
  }
  return best
}
