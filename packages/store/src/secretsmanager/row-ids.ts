import { Buffer } from 'node:buffer'
import type { Random } from '@keyplane/core'

/** Makes the internal ids of secrets. They grow, within one millisecond too: secrets of one moment keep their order. */
export class RowIds {
  #made = 0

  next(nowMs: number, random: Random): string {
    this.#made = (this.#made + 1) % 0x10000
    const moment = Math.floor(nowMs).toString(16).padStart(12, '0')
    return `${moment}${this.#made.toString(16).padStart(4, '0')}${Buffer.from(random.bytes(8)).toString('hex')}`
  }
}
