import type { Reader, Writer } from '@keyplane/database'
import { type FakeClock, fakeClock } from '@keyplane/testkit'

/** One process's way to a database. */
export interface Way<Tables> {
  readonly reader: Reader<Tables>
  readonly writer: Writer
}

/** What two processes keep in one database. */
export const keptByTwo = async <Tables, Kept>(
  open: () => Promise<Way<Tables>>,
  keep: (way: Way<Tables> & { readonly clock: FakeClock }) => Kept,
) => {
  const clock = fakeClock()
  const [one, other] = [await open(), await open()]
  return {
    one: keep({ ...one, clock }),
    other: keep({ ...other, clock }),
    clock,
    stop: async () => {
      for (const { writer, reader } of [one, other]) {
        await writer.close()
        await reader.close()
      }
    },
  }
}
