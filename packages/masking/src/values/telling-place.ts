import { windowLength, wordAt } from './window.ts'
import type { WindowTable } from './window-table.ts'

/** How many places of a long form are looked at for one that sets it apart, and how many if none of those does. */
const maxTried = 12
const maxTriedAgain = 1_000
/** With so many different characters a window is as good as any. */
const enoughVariety = 6
/** Windows that this many forms have are all alike. */
const maxCounted = 16

/** For each byte, the number of the last window that it was seen in. */
const lastSeen = new Float64Array(256)
let windowsSeen = 0

/** How many different bytes the window has. */
const varietyOf = (low: number, high: number): number => {
  let variety = 0
  windowsSeen += 1
  for (let at = 0; at < windowLength; at += 1) {
    const byte = ((at < 4 ? low : high) >>> ((at & 3) * 8)) & 255
    if (lastSeen[byte] !== windowsSeen) variety += 1
    lastSeen[byte] = windowsSeen
  }
  return variety
}

/**
 * The best of some places, spread over the text from its middle on: one that no other form has and whose characters are
 * different.
 */
const freePlace = (table: WindowTable, text: string): number => {
  const places = text.length - windowLength + 1
  const step = Math.max(1, Math.floor((places - 1) / (maxTried - 1)))
  let best = -1
  let bestVariety = 0
  let place = places >> 1
  for (let tried = 0; tried * step < places && bestVariety < enoughVariety; tried += 1) {
    const low = wordAt(text, place)
    const high = wordAt(text, place + 4)
    const variety = varietyOf(low, high)
    if (variety > bestVariety && table.first(low, high) === -1) [best, bestVariety] = [place, variety]
    place = (place + step) % places
  }
  return best
}

/** The place whose window the fewest forms have. Where all are had by many, each form takes another of them. */
const leastTakenPlace = (table: WindowTable, text: string): number => {
  const last = text.length - windowLength
  const step = Math.ceil((last + 1) / maxTriedAgain)
  let best = (table.count * step) % (last + 1)
  let fewest = maxCounted
  for (let place = last; place >= 0 && fewest > 0; place -= step) {
    const count = table.countOf(wordAt(text, place), wordAt(text, place + 4), fewest)
    if (count < fewest) [best, fewest] = [place, count]
  }
  return best
}

/**
 * Where the window of a form stands by which it is looked for: one that no other form has, if there is one, and with
 * different characters, since common beginnings (`postgres`, `{"userna`) would be looked at closely each time.
 */
export const tellingPlace = (table: WindowTable, text: string): number => {
  const place = freePlace(table, text)
  return place === -1 ? leastTakenPlace(table, text) : place
}
